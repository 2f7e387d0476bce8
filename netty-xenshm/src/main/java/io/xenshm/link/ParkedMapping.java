package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A client's memory that this server keeps mapped after the end of a link, for the client's next
 * offer. It waits for a bounded time; so much of a domain's memory waits at most.
 *
 * <p>Belongs to the event loop that was the link's home. After {@link #offeredAgain} the offer owns
 * it, whose loop may be another one.
 */
final class ParkedMapping implements DoorbellHandler {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ParkedMapping.class);

  /** The client lets go much earlier, if it is honest. */
  static final long MAX_MILLIS = 3 * EndedLink.PARKED_MILLIS;

  private final LinkNode node;
  private final MappedOffer former;
  private final Doorbells doorbells;
  private final int port;
  private final AtomicBoolean waiting = new AtomicBoolean(true);
  private Future<?> timeout;

  private ParkedMapping(LinkNode node, MappedOffer former, Doorbells doorbells, int port) {
    this.node = node;
    this.former = former;
    this.doorbells = doorbells;
    this.port = port;
  }

  /**
   * Keeps the memory of a link that has ended here.
   *
   * @return false where it is to be unmapped
   */
  static boolean park(LinkNode node, MappedOffer former, Doorbells doorbells, int port) {
    DescriptorPage descriptor = former.descriptor;
    if (doorbells.isClosed()
        || !descriptor.mayPark()
        || !descriptor.isLive(DescriptorPage.CLIENT_LIVE_OFFSET)
        || !former.tryRest()) {
      return false;
    }
    ParkedMapping parked = new ParkedMapping(node, former, doorbells, port);
    parked.timeout = doorbells.schedule(parked::expire, MAX_MILLIS);
    if (parked.timeout == null) {
      return false;
    }
    doorbells.replaceHandler(port, parked);
    descriptor.park();
    try {
      doorbells.ring(port);
    } catch (XenException e) {
      parked.end();
    }
    return true;
  }

  int peerDomain() {
    return former.peerDomain();
  }

  MappedOffer former() {
    return former;
  }

  @Override
  public void rung() {
    try {
      look();
    } catch (InternalError e) {
      logger.debug("Parked memory of domain {} is gone: suspended() will follow", peerDomain(), e);
    }
  }

  private void look() {
    if (!waiting.get()) {
      return;
    }
    int state = former.descriptor.state();
    if (state == DescriptorPage.STATE_OFFERED) {
      if (leave()) {
        offeredAgain();
      }
    } else if (state != DescriptorPage.STATE_PARKED
        || !former.descriptor.isLive(DescriptorPage.CLIENT_LIVE_OFFSET)) {
      end();
    }
  }

  private boolean leave() {
    timeout.cancel(false);
    return waiting.compareAndSet(true, false);
  }

  private void offeredAgain() {
    try {
      node.listeners().offeredAgain(this, doorbells);
    } catch (RuntimeException e) {
      logger.warn("A further offer of domain {} could not be taken", peerDomain(), e);
      release();
    }
  }

  private void expire() {
    if (!waiting.get()) {
      return;
    }
    if (former.descriptor.unpark(DescriptorPage.STATE_RELEASED)) {
      end();
    } else {
      rung(); // the client was faster
    }
  }

  private void end() {
    if (leave()) {
      former.unmap();
      doorbells.unbind(port);
    }
  }

  /** The offer is not taken: unmaps the memory. May be called from any thread. */
  void release() {
    former.unmap();
    releasePort();
  }

  /** The port is of no use any more. May be called from any thread. */
  void releasePort() {
    doorbells.handBack(() -> doorbells.unbind(port));
  }

  @Override
  public void suspended() {
    end();
  }

  @Override
  public void loopEnds() {
    end();
  }
}
