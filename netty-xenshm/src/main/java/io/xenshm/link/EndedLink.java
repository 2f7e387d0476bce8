package io.xenshm.link;

import io.xenshm.xen.XenException;

/**
 * What is left of a client's link: memory and port are kept until the server has unmapped the
 * memory. The server may keep it mapped for a while instead; then the next link can take it, and
 * its doorbell tells the server so.
 *
 * <p>Belongs to the event loop that was the link's home. Who took it from {@link ParkedMemory} may
 * call {@link #memory}, {@link #offered}, {@link #takenOver} and {@link #giveUp} from any thread.
 */
final class EndedLink implements DoorbellHandler {
  /** How long a server is asked to keep the memory: a client connects again soon, or not. */
  static final long PARKED_MILLIS = 1000;

  private final LinkNode node;
  private final GrantedLink link;
  private final String serverProcess;
  private final LinkMemory memory;
  private final PeerLimits.Lease lease;
  private final DescriptorPage descriptor;
  private final Doorbells doorbells;
  private final int port;

  /** The server kept it mapped, and is not asked to again. */
  private boolean wasParked;

  /** It is in {@link ParkedMemory}, unless somebody took it. */
  private boolean listed;

  private boolean done;

  /** The server will not tell any more. */
  private boolean lost;

  /** Is run where the server unmaps the memory although it was offered again. */
  private volatile Runnable taker = () -> {};

  EndedLink(
      LinkNode node,
      GrantedLink link,
      String serverProcess,
      LinkMemory memory,
      PeerLimits.Lease lease) {
    this.node = node;
    this.link = link;
    this.serverProcess = serverProcess;
    this.memory = memory;
    this.lease = lease;
    descriptor = memory.descriptor;
    doorbells = link.doorbells;
    port = link.port;
  }

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
      if (own()) {
        unmapped();
      } else {
        taker.run();
      }
    } else if (!wasParked && descriptor.state() == DescriptorPage.STATE_PARKED) {
      wasParked = true;
      listed = doorbells.schedule(this::expire, PARKED_MILLIS) != null && node.parked().add(this);
      if (!listed) {
        letGo();
      }
    }
  }

  /** Says whether this is to be ended here: nobody else took it, and it has not ended before. */
  private boolean own() {
    if (done || (listed && !node.parked().remove(this))) {
      return false;
    }
    listed = false;
    return true;
  }

  private void unmapped() {
    done = true;
    link.endPeerWatch();
    doorbells.unbind(port);
    if (!memory.isReused() && link.isClosedByPeer()) {
      memory.setUsed(link.producer().written(), link.receivedAtMost());
    }
    node.pool().give(memory);
    lease.end();
  }

  private void expire() {
    if (listed && own()) {
      letGo();
    }
  }

  /** Asks the server to unmap the memory. */
  private void letGo() {
    descriptor.unpark(DescriptorPage.STATE_ABANDONED);
    descriptor.setClosed(DescriptorPage.CLIENT_CLOSED_OFFSET, DescriptorPage.CLOSED);
    try {
      doorbells.ring(port);
    } catch (XenException e) {
      rung(); // the port is gone: perhaps the mapping is, too
    }
  }

  /** The peer's domain is gone. One that only seems so may map the memory, and will not tell. */
  void peerGone() {
    suspended();
  }

  @Override
  public void suspended() {
    lost = true;
    if (own()) {
      abandon();
    }
  }

  private void abandon() {
    doorbells.unbind(port);
    discard();
  }

  @Override
  public void loopEnds() {
    if (own()) {
      discard();
    }
  }

  private void discard() {
    done = true;
    link.endPeerWatch();
    node.pool().discard(memory);
    lease.holdForAWhile();
  }

  boolean isFor(int domain, String process, int ringSize) {
    return memory.peerDomain() == domain
        && memory.ringSize == ringSize
        && serverProcess.equals(process);
  }

  LinkMemory memory() {
    return memory;
  }

  /**
   * Tells the server that the memory is offered again.
   *
   * @param unmapped is run, on any thread, where the server unmaps it instead
   * @throws XenException if the event loop of the port has ended
   */
  void offered(Runnable unmapped) throws XenException {
    taker = unmapped;
    doorbells.ringFromElsewhere(port);
  }

  /** The memory is another link's. */
  void takenOver() {
    link.endPeerWatch();
    lease.end();
    doorbells.handBack(() -> doorbells.unbind(port));
  }

  /** The memory could not be offered again: the server is to unmap it. */
  void giveUp() {
    doorbells.handBack(
        () -> {
          listed = false;
          if (doorbells.isClosed()) {
            discard();
          } else if (lost) {
            abandon();
          } else {
            letGo();
            rung();
          }
        });
  }
}
