package io.xenshm.netty;

import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.link.Doorbells;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;

/** What an event loop gives the channels that are registered with it. Belongs to the loop. */
final class XenShmLoop {
  private final LocalDomain domain;
  private final ActiveHandles active;
  private final Heartbeats heartbeats;
  private final HandshakeShare handshakes;
  private Doorbells doorbells;

  /**
   * Creates it.
   *
   * @param domain what the loops of this process share; {@code null} where Xen is unavailable
   * @param active what the loop looks at
   */
  XenShmLoop(LocalDomain domain, ActiveHandles active) {
    this.domain = domain;
    this.active = active;
    heartbeats = domain == null ? null : new Heartbeats(domain.links().heartbeats());
    handshakes = new HandshakeShare(active::hasOthersThan, System::nanoTime);
  }

  LocalDomain domain() {
    return domain;
  }

  /**
   * Returns the loop's event channels for new links; others may take their place later. {@code
   * null} where Xen is unavailable.
   */
  Doorbells doorbells() {
    return doorbells;
  }

  void setDoorbells(Doorbells newDoorbells) {
    doorbells = newDoorbells;
  }

  ActiveHandles active() {
    return active;
  }

  /** Returns what looks at the loop's rings now and then; {@code null} where Xen is unavailable. */
  Heartbeats heartbeats() {
    return heartbeats;
  }

  /** Returns what each domain's handshakes take of the loop's time. */
  HandshakeShare handshakes() {
    return handshakes;
  }

  boolean hasXen() {
    return domain != null;
  }

  /**
   * Completes with why a listener at an address is not to be announced; {@code null} where it is.
   * Before that the table of peers is read: without it every offer would be refused.
   */
  CompletableFuture<String> obstacleToAnnounce(InetAddress address) {
    if (!hasXen()) {
      return CompletableFuture.completedFuture(XenShmPathReason.XEN_UNAVAILABLE.text());
    }
    // On a simulated host, guests have loopback addresses.
    return domain
        .peers()
        .lookup(address)
        .thenApply(
            found ->
                address.isLoopbackAddress() && found.outcome() != Outcome.OWN_DOMAIN
                    ? "a loopback address is reached by this guest only"
                    : null)
        .toCompletableFuture();
  }
}
