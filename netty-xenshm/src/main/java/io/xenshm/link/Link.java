package io.xenshm.link;

import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.xen.XenException;

/**
 * One end of a connection between two domains: a ring to write to, a ring to read from, a doorbell.
 *
 * <p>All methods are called on the thread of the event loop that the link's port belongs to. After
 * {@link #close()} the rings must not be touched: their memory may be gone.
 */
public abstract class Link {

  /** What is known of the other end. */
  public enum PeerState {
    /** It is there. */
    OPEN,
    /** It closed the link. What it wrote before can still be read. */
    CLOSED,
    /** Its process ended without closing. What it wrote before can still be read. */
    DIED,
    /** This domain was suspended and resumed: the two ends share nothing any more. */
    LOST
  }

  /** The longest time between two signs of life, in seconds. */
  public static final int BEAT_SECONDS = 10;

  final Doorbells doorbells;
  final int port;
  final DescriptorPage descriptor;

  private final int peerDomain;
  private final int peerPort;
  private final ByteRingProducer producer;
  private final ByteRingConsumer consumer;
  private final PeerWatch peerWatch;
  private final Role role;
  private LinkListener listener = LinkListener.IGNORING;
  private boolean closed;
  private boolean peerGone;
  private boolean suspended;
  private int ownBeat;
  private int peerBeat;

  Link(LinkParts parts) {
    this.doorbells = parts.doorbells();
    this.port = parts.port();
    this.descriptor = parts.descriptor();
    this.peerDomain = parts.peerDomain();
    this.peerPort = parts.peerPort();
    this.producer = parts.producer();
    this.consumer = parts.consumer();
    this.role = parts.role();
    doorbells.replaceHandler(port, new Bell());
    peerWatch = parts.peers().watch(peerDomain, parts.role(), parts.loop(), this::peerDomainGone);
  }

  /** Sets who is told of events, and tells it once, since one may have come before. */
  public final void setListener(LinkListener listener) {
    this.listener = listener;
    listener.doorbell();
  }

  /** Returns the domain at the other end. */
  public final int peerDomain() {
    return peerDomain;
  }

  /**
   * Returns the port at the other end: for a client the listener's, for a server what the client
   * calls its own.
   */
  public final int peerPort() {
    return peerPort;
  }

  /** Returns the ring to write to. */
  public final ByteRingProducer producer() {
    return producer;
  }

  /** Returns the ring to read from. */
  public final ByteRingConsumer consumer() {
    return consumer;
  }

  /** Returns what the shared memory says of the peer. */
  public final PeerState peerState() {
    if (suspended) {
      return PeerState.LOST;
    }
    if (peerGone) {
      return PeerState.DIED;
    }
    boolean live = descriptor.isLive(role.peerLiveOffset);
    if (descriptor.isClosed(role.peerClosedOffset)) {
      return PeerState.CLOSED;
    }
    return live ? PeerState.OPEN : PeerState.DIED;
  }

  /**
   * Shows the peer that this end lives; both do so at least every {@link #BEAT_SECONDS}.
   *
   * @return whether the peer showed it since the last call
   */
  public final boolean beat() {
    descriptor.setBeat(role.ownBeatOffset, ++ownBeat);
    int seen = descriptor.beat(role.peerBeatOffset);
    boolean lives = seen != peerBeat;
    peerBeat = seen;
    return lives;
  }

  /**
   * Rings the peer's doorbell. Does nothing where the port is gone: the peer's death is found in
   * another way.
   */
  public final void ring() {
    try {
      doorbells.ring(port);
    } catch (XenException e) {
      listener.doorbell();
    }
  }

  /**
   * Closes this end: finishes the outgoing ring, tells the peer, gives back memory and port. The
   * peer can still read what was published. Calling it again has no effect.
   */
  public final void close() {
    if (closed) {
      return;
    }
    closed = true;
    listener = LinkListener.IGNORING;
    peerWatch.cancel();
    producer.finish();
    descriptor.setClosed(role.ownClosedOffset);
    ring();
    release(peerGone || suspended);
  }

  /** Says whether {@link #close()} was called. */
  public final boolean isClosed() {
    return closed;
  }

  /**
   * Gives back memory and port.
   *
   * @param peerDomainGone nothing will come from the peer any more, not even a notification
   */
  abstract void release(boolean peerDomainGone);

  private void peerDomainGone() {
    if (!closed) {
      peerGone = true;
      listener.doorbell();
    }
  }

  private final class Bell implements DoorbellHandler {
    @Override
    public void rung() {
      listener.doorbell();
    }

    @Override
    public void suspended() {
      suspended = true;
      listener.doorbell();
    }

    @Override
    public void loopEnds() {
      LinkListener told = listener;
      close();
      told.loopEnds();
    }
  }
}
