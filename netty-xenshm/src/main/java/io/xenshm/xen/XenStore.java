package io.xenshm.xen;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * XenStore: the host's small tree of configuration nodes, served by a daemon.
 *
 * <p>Paths are absolute ({@code /local/domain/3/data}) or, without a leading slash, relative to
 * {@code /local/domain/<own domain>}.
 *
 * <p>All methods may be called from any thread and return at once. A future fails with {@link
 * XenStoreException}: with the daemon's error, with {@code TIMEOUT} where no answer came in time,
 * with {@code DISCONNECTED} where the connection is gone. Futures complete, and watches fire, on
 * one thread that belongs to the connection: what is attached to them must not block, and must not
 * wait for another of these futures.
 */
public interface XenStore extends XenStoreOperations, AutoCloseable {

  /**
   * Runs several operations as one: none of them is seen by others before all are, and none of them
   * happens if the future of {@code body} fails. Where it conflicts with another transaction,
   * {@code body} runs again, up to a bound.
   *
   * @param body uses only the operations that it is given
   * @return what {@code body} returned, after the commit; fails with {@code EAGAIN} where it
   *     conflicted to the last
   */
  <T> CompletableFuture<T> transaction(Function<XenStoreOperations, CompletableFuture<T>> body);

  /**
   * Watches a node and everything below it. The listener is called once at registration with the
   * watched path itself, then for each change with the path that changed. Changes to nodes that
   * this domain may not read are not reported. After a lost connection the watch is registered
   * again, and called once as at registration.
   *
   * @param path an absolute or a relative path; what is reported has the same form
   * @return completes when the daemon accepted the watch
   */
  CompletableFuture<Watch> watch(String path, WatchListener listener);

  /** Returns {@code /local/domain/<domainId>}, as the daemon says it. */
  CompletableFuture<String> domainPath(int domainId);

  /** Says whether the connection to the daemon is up. */
  boolean isConnected();

  /**
   * Returns the number of the connection to the daemon, from 1; it changes whenever a lost one is
   * opened again. 0 while there is none.
   */
  int connection();

  /** Ends the connection. Everything that is under way fails with {@code DISCONNECTED}. */
  @Override
  void close();

  /** A watch that is registered. */
  interface Watch {
    /** Ends the watch. The listener is not called any more once the returned future is complete. */
    CompletableFuture<Void> cancel();
  }

  /** Is told of changes below a watched path. */
  @FunctionalInterface
  interface WatchListener {
    /** A node changed, came or went. */
    void changed(String path);
  }

  /**
   * Who may do what with a node.
   *
   * @param domainId the domain that it is about
   * @param access what that domain may do
   */
  record Permission(int domainId, Access access) {
    /** Reads the wire form: a letter, then the domain's number ({@code n0}, {@code r3}). */
    public static Permission parse(String text) {
      if (text.length() < 2) {
        throw new IllegalArgumentException("not a permission: '" + text + "'");
      }
      for (Access access : Access.values()) {
        if (access.letter == text.charAt(0)) {
          return new Permission(Integer.parseInt(text.substring(1)), access);
        }
      }
      throw new IllegalArgumentException("not a permission: '" + text + "'");
    }

    /** Reads several permissions in wire form, the owner's first: {@code list("n0", "r3")}. */
    public static List<Permission> list(String... texts) {
      return Arrays.stream(texts).map(Permission::parse).toList();
    }

    /** Returns the wire form. */
    @Override
    public String toString() {
      return access.letter + Integer.toString(domainId);
    }
  }

  /** Kinds of access to a node. */
  enum Access {
    /** Neither reading nor writing. */
    NONE('n'),
    /** Reading. */
    READ('r'),
    /** Writing. */
    WRITE('w'),
    /** Reading and writing. */
    BOTH('b');

    private final char letter;

    Access(char letter) {
      this.letter = letter;
    }

    /** Returns whether reading is allowed. */
    public boolean canRead() {
      return this == READ || this == BOTH;
    }

    /** Returns whether writing is allowed. */
    public boolean canWrite() {
      return this == WRITE || this == BOTH;
    }
  }
}
