package io.xenshm.link;

import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.ring.RingViolationException;
import java.util.concurrent.Executor;

/**
 * The client's end, which owns the memory. Memory and port are kept until the server has unmapped
 * the memory.
 */
final class GrantedLink extends Link {
  private final LinkMemory memory;
  private final MemoryPool pool;
  private final PeerLimits.Lease lease;

  GrantedLink(
      LinkMemory memory,
      MemoryPool pool,
      PeerLimits.Lease lease,
      int serverPort,
      Doorbells doorbells,
      int port,
      PeerWatches peers,
      Executor loop) {
    super(
        new LinkParts(
            Role.CLIENT,
            memory.peerDomain(),
            serverPort,
            memory.descriptor,
            new ByteRingProducer(memory.descriptor.clientRingControl(), memory.clientRing()),
            new ByteRingConsumer(memory.descriptor.serverRingControl(), memory.serverRing()),
            doorbells,
            port,
            peers,
            loop));
    this.memory = memory;
    this.pool = pool;
    this.lease = lease;
  }

  @Override
  void release(boolean peerDomainGone) {
    if (peerDomainGone) {
      doorbells.unbind(port);
      pool.discard(memory);
      lease.end();
      return;
    }
    new UnmapAwait().start();
  }

  /** Whether the peer published all that it wrote: one that died may have written more. */
  private boolean closedByPeer() {
    return descriptor.isClosed(DescriptorPage.SERVER_CLOSED_OFFSET);
  }

  private long receivedAtMost() {
    try {
      consumer().refresh();
      return consumer().received();
    } catch (RingViolationException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Waits for the server's kernel to say that the memory is unmapped. */
  private final class UnmapAwait implements DoorbellHandler {
    void start() {
      lease.hold();
      if (doorbells.isClosed()) {
        loopEnds(); // nothing would tell
        return;
      }
      doorbells.replaceHandler(port, this);
      rung();
    }

    @Override
    public void rung() {
      if (!descriptor.isLive(DescriptorPage.SERVER_LIVE_OFFSET)) {
        doorbells.unbind(port);
        if (closedByPeer()) {
          memory.setUsed(producer().written(), receivedAtMost());
        }
        pool.give(memory);
        lease.end();
      }
    }

    @Override
    public void suspended() {
      pool.discard(memory);
      doorbells.unbind(port);
      lease.end();
    }

    @Override
    public void loopEnds() {
      pool.discard(memory);
      lease.holdForAWhile();
    }
  }
}
