package io.xenshm.netty;

import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.link.Doorbells;
import java.net.InetAddress;

/**
 * What an event loop gives the channels that are registered with it.
 *
 * @param domain what the loops of this process share; {@code null} where Xen is unavailable
 * @param doorbells the loop's event channels; {@code null} where Xen is unavailable
 * @param active what the loop looks at
 * @param heartbeats signs of life of the loop's rings
 */
record XenShmLoop(
    LocalDomain domain, Doorbells doorbells, ActiveHandles active, Heartbeats heartbeats) {
  boolean hasXen() {
    return domain != null;
  }

  /**
   * Returns why a listener at an address is not to be announced; {@code null} where it is. Waits
   * for the table of peers to be read: without it every offer would be refused.
   */
  String obstacleToAnnounce(InetAddress address) {
    if (!hasXen()) {
      return XenShmPathReason.XEN_UNAVAILABLE.text();
    }
    Outcome outcome = domain.peers().lookup(address).toCompletableFuture().join().outcome();
    // On a simulated host, guests have loopback addresses.
    return address.isLoopbackAddress() && outcome != Outcome.OWN_DOMAIN
        ? "a loopback address is reached by this guest only"
        : null;
  }
}
