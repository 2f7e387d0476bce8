package io.xenshm.directory;

import java.net.InetAddress;
import java.util.concurrent.CompletionStage;

/**
 * What this domain knows of the guests around it: which of them has which address. All methods may
 * be called from any thread, and none waits. {@link PeerDirectories} opens it.
 */
public interface PeerDirectory extends AutoCloseable {
  /**
   * Looks an address up in the local copy of the table.
   *
   * @return complete already, but for calls before the table was read for the first time; never
   *     completes exceptionally, nor later than XenStore's time-out for a few requests. A stage
   *     that was not complete is completed on XenStore's thread: what is attached to it must not
   *     block
   */
  CompletionStage<PeerLookup> lookup(InetAddress address);

  /**
   * Returns the address that this domain's table has for a domain; where there are several, the
   * same one at each call; {@code null} where there is none. An address that is another domain's
   * too, on another network, is not returned. Does not wait for the first read of the table: {@code
   * null} before it.
   */
  InetAddress addressOf(int domainId);

  /**
   * Returns what this domain's table says of a domain; {@code null} where that is nothing. The UUID
   * and the name are empty where the table does not tell them, or does not agree with itself. Does
   * not wait for the first read of the table: {@code null} before it.
   */
  Peer peer(int domainId);

  /**
   * Returns a stage that completes when the table was read for the first time, or could not be
   * read; never exceptionally.
   */
  CompletionStage<Void> firstRead();

  /** Ends the watch. Further lookups find nothing. */
  @Override
  void close();
}
