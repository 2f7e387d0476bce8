package io.xenshm.link;

import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.ring.RingViolationException;
import java.util.concurrent.Executor;

/** The client's end, which owns the memory. {@link EndedLink} has what is left of it at the end. */
final class GrantedLink extends Link {
  private final LinkKind kind;
  private final EndedLink end;

  GrantedLink(
      LinkNode node,
      LinkTarget target,
      String serverProcess,
      LinkMemory memory,
      PeerLimits.Lease lease,
      Doorbells doorbells,
      int port,
      Executor loop) {
    super(
        new LinkParts(
            Role.CLIENT,
            memory.peerDomain(),
            target.port(),
            memory.descriptor,
            new ByteRingProducer(memory.descriptor.clientRingControl(), memory.clientRing()),
            new ByteRingConsumer(memory.descriptor.serverRingControl(), memory.serverRing()),
            doorbells,
            port,
            node.peers(),
            loop));
    kind = target.kind();
    end = new EndedLink(node, this, serverProcess, memory, lease);
  }

  @Override
  int closedWord() {
    return kind == LinkKind.STREAM && !doorbells.isClosed()
        ? DescriptorPage.CLOSED_MAY_PARK
        : DescriptorPage.CLOSED;
  }

  @Override
  void release(boolean peerDomainGone) {
    if (peerDomainGone) {
      end.peerGone();
    } else {
      end.start();
    }
  }

  @Override
  void peerGoneAfterClose() {
    end.peerGone();
  }

  /** Whether the peer published all that it wrote: one that died may have written more. */
  boolean isClosedByPeer() {
    return descriptor.isClosed(DescriptorPage.SERVER_CLOSED_OFFSET);
  }

  long receivedAtMost() {
    try {
      consumer().refresh();
      return consumer().received();
    } catch (RingViolationException e) {
      return Long.MAX_VALUE;
    }
  }
}
