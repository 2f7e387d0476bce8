package io.xenshm.directory;

import java.net.InetAddress;
import java.util.concurrent.CompletionStage;

/**
 * What this domain knows of the guests around it: which of them has which address. All methods may
 * be called from any thread, and none waits.
 */
public interface PeerDirectory extends AutoCloseable {
  /**
   * Looks an address up in the local copy of the table.
   *
   * @return complete already, but for calls before the table was read for the first time; never
   *     completes exceptionally, nor waits longer for XenStore than its time-out
   */
  CompletionStage<PeerLookup> lookup(InetAddress address);

  /**
   * Returns the address that this domain's table has for a domain; where there are several, the
   * same one at each call; {@code null} where there is none.
   */
  InetAddress addressOf(int domainId);

  /** Ends the watch. Further lookups find nothing. */
  @Override
  void close();
}
