package io.xenshm.link;

import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import java.util.concurrent.Executor;

/** The server's end, which mapped the client's memory. */
final class MappedLink extends Link {
  private final LinkNode node;
  private final MappedOffer offer;

  MappedLink(LinkNode node, MappedOffer offer, Doorbells doorbells, int port, Executor loop) {
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
            node.peers(),
            loop));
    this.node = node;
    this.offer = offer;
  }

  /** The port must outlive the notification that follows the end of the mapping. */
  @Override
  void release(boolean peerDomainGone) {
    endPeerWatch();
    if (peerDomainGone || !ParkedMapping.park(node, offer, doorbells, port)) {
      offer.unmap();
      doorbells.unbind(port);
    }
  }
}
