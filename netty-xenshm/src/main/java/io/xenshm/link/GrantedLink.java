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
  private boolean awaitsUnmap; // of the home loop

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
      abandonMemory();
      return;
    }
    awaitsUnmap = true;
    new UnmapAwait().start();
  }

  @Override
  void peerGoneAfterClose() {
    if (awaitsUnmap) {
      abandonMemory();
    }
  }

  /** A peer that only seems gone may have the memory mapped still, and will not tell. */
  private void abandonMemory() {
    awaitsUnmap = false;
    endPeerWatch();
    doorbells.unbind(port);
    pool.discard(memory);
    lease.holdForAWhile();
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
        awaitsUnmap = false;
        endPeerWatch();
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
      abandonMemory();
    }

    @Override
    public void loopEnds() {
      awaitsUnmap = false;
      endPeerWatch();
      pool.discard(memory);
      lease.holdForAWhile();
    }
  }
}
