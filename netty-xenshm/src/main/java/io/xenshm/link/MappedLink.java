package io.xenshm.link;

import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.xen.SharedPages;
import java.util.concurrent.Executor;

/** The server's end, which mapped the client's memory. */
final class MappedLink extends Link {
  private final SharedPages descriptorPage;
  private final SharedPages rings;

  MappedLink(MappedOffer offer, Doorbells doorbells, int port, PeerWatches peers, Executor loop) {
    super(
        new LinkParts(
            Role.SERVER,
            offer.descriptorPage.peerDomainId(),
            offer.clientPort,
            offer.descriptor,
            new ByteRingProducer(
                offer.descriptor.serverRingControl(),
                offer.rings.memory().asSlice(offer.clientRingSize, offer.serverRingSize)),
            new ByteRingConsumer(
                offer.descriptor.clientRingControl(),
                offer.rings.memory().asSlice(0, offer.clientRingSize)),
            doorbells,
            port,
            peers,
            loop));
    this.descriptorPage = offer.descriptorPage;
    this.rings = offer.rings;
  }

  /**
   * Unmaps the descriptor page last: the notification that follows it tells the client that all is
   * unmapped. The port must outlive it.
   */
  @Override
  void release(boolean peerDomainGone) {
    rings.close();
    descriptorPage.close();
    doorbells.unbind(port);
  }
}
