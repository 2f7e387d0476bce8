package io.xenshm.xenstore;

import io.xenshm.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Where a XenStore daemon is reached: a Unix socket, or the kernel's device. */
public interface XenStoreEndpoint {

  /**
   * Opens a new connection. It is read and written by one thread, and closed by the client.
   *
   * @return its descriptor, in blocking mode
   * @throws IOException with a message that names the path
   */
  int open() throws IOException;

  /** Returns how large a request with its header may be, in bytes. */
  int maxFrame();

  /** Returns how large a reply's payload may be, in bytes; a larger one ends the connection. */
  int maxReplyPayload();

  /** Says whether a lost connection is opened again. */
  boolean reconnect();

  /**
   * Returns how many requests may be under way at a time: as many as the daemons take from a guest
   * before they stop reading.
   */
  default int maxOutstanding() {
    return 20;
  }

  /** Returns the path, for messages to people. */
  String name();

  /** A daemon's Unix socket. A lost connection is opened again: the daemon may have restarted. */
  static XenStoreEndpoint unixSocket(Path path) {
    return unixSocket(() -> path);
  }

  /** As the other one; the path is asked for before each connection. */
  static XenStoreEndpoint unixSocket(Supplier<Path> paths) {
    return new XenStoreEndpoint() {
      private volatile Path path = paths.get();

      @Override
      public int open() throws IOException {
        path = paths.get();
        return Posix.connectUnix(path.toString());
      }

      @Override
      public int maxFrame() {
        return XenStoreProtocol.HEADER_SIZE + XenStoreProtocol.MAX_PAYLOAD;
      }

      @Override
      public int maxReplyPayload() {
        return XenStoreProtocol.MAX_SOCKET_REPLY;
      }

      @Override
      public boolean reconnect() {
        return true;
      }

      @Override
      public String name() {
        return path.toString();
      }
    };
  }
}
