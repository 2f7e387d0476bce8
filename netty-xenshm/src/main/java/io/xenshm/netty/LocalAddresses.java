package io.xenshm.netty;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;

/** What a connection through shared memory calls its own end. */
final class LocalAddresses {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(LocalAddresses.class);

  private LocalAddresses() {}

  /**
   * Returns a client's own address.
   *
   * @param remote where the client connects to
   * @param bound what the client is bound to; {@code null} if it is not
   */
  static InetSocketAddress towards(
      InetSocketAddress remote, InetSocketAddress bound, LocalDomain domain) {
    int port = port(bound, domain);
    if (bound != null && !bound.getAddress().isAnyLocalAddress()) {
      return bound;
    }
    InetAddress own = domain.peers().addressOf(domain.id());
    return new InetSocketAddress(own == null ? routed(remote) : own, port);
  }

  static XenShmAddress explicit(InetSocketAddress bound, LocalDomain domain) {
    return new XenShmAddress(domain.id(), port(bound, domain));
  }

  /**
   * Returns a server's own address for one connection.
   *
   * @param bound what the listener is bound to
   */
  static InetSocketAddress accepted(
      InetSocketAddress bound, InetSocketAddress remote, LocalDomain domain) {
    if (bound instanceof XenShmAddress) {
      // A guest that was resumed has another number than when it was bound.
      return new XenShmAddress(domain.id(), bound.getPort());
    }
    if (!bound.getAddress().isAnyLocalAddress()) {
      return bound;
    }
    return towards(remote, bound, domain);
  }

  private static int port(InetSocketAddress bound, LocalDomain domain) {
    return bound == null || bound.getPort() == 0
        ? domain.links().nextClientPort()
        : bound.getPort();
  }

  /** Returns the address from which the kernel would send to another one; sends nothing. */
  private static InetAddress routed(InetSocketAddress remote) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(remote);
      return socket.getLocalAddress();
    } catch (SocketException e) {
      logger.debug("No own address towards {}", remote, e);
      return InetAddress.getLoopbackAddress();
    }
  }
}
