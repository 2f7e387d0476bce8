package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.xen.MemoryFaults;
import io.xenshm.xen.XenException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One end of a connection between two domains: a ring to write to, a ring to read from, a doorbell.
 *
 * <p>Its port belongs to the doorbells of one event loop, its <em>home</em>, and cannot move. The
 * link is used on that loop, or, after {@link #park()} and {@link #use(Executor)}, on another one:
 * home forwards the doorbell then. All methods are called on the thread of the loop that uses the
 * link, but for those that say otherwise. After {@link #close()} the rings must not be touched:
 * their memory may be gone. Home releases it, when the loop that used it has closed the link.
 */
public abstract class Link {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Link.class);

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

  final Doorbells doorbells;
  final int port;
  final DescriptorPage descriptor;

  private final int peerDomain;
  private final int peerPort;
  private final ByteRingProducer producer;
  private final ByteRingConsumer consumer;

  /** Uses a link that is closed. */
  private static final Executor NOBODY =
      task -> {
        throw new RejectedExecutionException("the link is closed");
      };

  private final Heartbeat heartbeat;
  private final PeerWatch peerWatch;
  private final Role role;
  private final Executor home;

  /** The loop that uses the link; null while none does, {@link #NOBODY} after its end. */
  private final AtomicReference<Executor> user;

  private LinkListener listener = LinkListener.IGNORING;
  private volatile boolean closed;
  private volatile boolean peerGone;

  /** As {@link #peerGone}, before home is told: a file region may keep home busy. */
  private volatile boolean peerVanished;

  private volatile boolean suspended;

  /** An access to the memory failed; {@link Bell#suspended} is yet to come. */
  private volatile boolean faulted;

  private boolean releasedAtResume; // of the home loop

  Link(LinkParts parts) {
    this.doorbells = parts.doorbells();
    this.port = parts.port();
    this.descriptor = parts.descriptor();
    this.peerDomain = parts.peerDomain();
    this.peerPort = parts.peerPort();
    this.producer = parts.producer();
    this.consumer = parts.consumer();
    this.role = parts.role();
    heartbeat = new Heartbeat(descriptor, role);
    this.home = parts.loop();
    this.user = new AtomicReference<>(home);
    doorbells.replaceHandler(port, new Bell());
    Executor tellingAtOnce =
        task -> {
          peerVanished = true;
          home.execute(task);
        };
    peerWatch = parts.peers().watch(peerDomain, parts.role(), tellingAtOnce, this::peerDomainGone);
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
    if (peerGone || peerVanished) {
      return PeerState.DIED;
    }
    boolean live = descriptor.isLive(role.peerLiveOffset);
    if (descriptor.isClosed(role.peerClosedOffset)) {
      return PeerState.CLOSED;
    }
    return live ? PeerState.OPEN : PeerState.DIED;
  }

  /** See {@link Heartbeat#beat()}. May be called from any thread. */
  int beat() {
    return heartbeat.beat();
  }

  /**
   * Returns how many times in a row the peer showed no sign of life. May be called from any thread.
   */
  public final int silentLooks() {
    return heartbeat.silentLooks();
  }

  /**
   * Rings the peer's doorbell. Does nothing where the port is gone: the peer's death is found in
   * another way.
   */
  public final void ring() {
    try {
      if (isAtHome()) {
        doorbells.ring(port);
      } else {
        doorbells.ringFromElsewhere(port);
      }
    } catch (XenException e) {
      listener.doorbell();
    }
  }

  /** No loop uses the link until {@link #use(Executor)}; the peer sees no difference. */
  public final void park() {
    if (!closed) {
      user.set(null);
    }
  }

  /**
   * Begins to use a parked link on the calling thread's loop. What the doorbell told before is not
   * told again: the caller looks.
   *
   * @return false where the link was closed meanwhile, since its home has ended
   */
  public final boolean use(Executor loop) {
    return user.compareAndSet(null, loop);
  }

  /** Says whether the link is used on the loop that its port belongs to. */
  public final boolean isAtHome() {
    return home.equals(user.get());
  }

  /** Runs something at home, unless home has ended. May be called from any thread. */
  public final void runAtHome(Runnable task) {
    if (isAtHome()) {
      task.run();
    } else {
      executeAtHome(task);
    }
  }

  /** As {@link #runAtHome}, but never at once. */
  final void executeAtHome(Runnable task) {
    try {
      home.execute(task);
    } catch (RejectedExecutionException e) {
      logger.debug("The event loop of event channel port {} has ended", port, e);
    }
  }

  /**
   * Runs something on the loop that uses the link, or not at all where none does. Called at home.
   */
  public final void runAtUser(Runnable task) {
    Executor now = user.get();
    if (home.equals(now)) {
      task.run();
    } else if (now != null) {
      try {
        now.execute(
            () -> {
              if (now.equals(user.get())) {
                task.run();
              }
            });
      } catch (RejectedExecutionException e) {
        logger.debug("The event loop that uses event channel port {} has ended", port, e);
      }
    }
  }

  /**
   * Closes this end: finishes the outgoing ring, tells the peer, gives back memory and port. The
   * peer can still read what was published. Calling it again has no effect, nor has it where
   * another loop begins to use the link.
   */
  public final void close() {
    end(false);
  }

  /**
   * As {@link #close}, but the peer is told of a reset: what it wrote was not read, or what was to
   * be sent to it is given up.
   */
  public final void reset() {
    end(true);
  }

  private void end(boolean reset) {
    if (closed) {
      return;
    }
    Executor now = user.get();
    if (now == null && !user.compareAndSet(null, NOBODY)) {
      return;
    }
    closed = true;
    heartbeat.end();
    listener = LinkListener.IGNORING;
    tellPeer(reset);
    if (home.equals(now)) {
      releaseUnlessFaulted();
    } else {
      doorbells.handBack(this::releaseAtHome);
    }
  }

  private void tellPeer(boolean reset) {
    if (suspended) {
      return;
    }
    try {
      if (reset) {
        producer.reset();
      } else {
        producer.close();
      }
      descriptor.setClosed(role.ownClosedOffset, closedWord());
      MemoryFaults.tell(); // before the port is unbound, which must not be where it is gone
    } catch (InternalError e) {
      lost();
      return;
    }
    ring();
  }

  /**
   * An access to the memory failed ({@link InternalError}: the kernel's SIGBUS). It does so where
   * this domain was suspended and resumed, which will be told a moment later. Until then the port
   * must not be unbound. On the thread of home, or of the loop that uses the link.
   */
  public final void lost() {
    faulted = !suspended;
    suspended = true;
  }

  /**
   * Touches the memory. Where it is gone, {@link #peerState()} is {@link PeerState#LOST} from now
   * on.
   *
   * @return whether it is there, as far as is known
   */
  public final boolean checkMemory() {
    if (!closed) {
      try {
        descriptor.state();
        MemoryFaults.tell();
      } catch (InternalError e) {
        lost();
      }
    }
    return !suspended;
  }

  /** Has home find out whether the memory is there. May be called from any thread. */
  final void memoryMayBeGone() {
    executeAtHome(
        () -> {
          checkMemory();
          look();
        });
  }

  /** What the peer is told at the end. */
  int closedWord() {
    return DescriptorPage.CLOSED;
  }

  private void releaseAtHome() {
    user.set(home);
    releaseUnlessFaulted();
  }

  private void releaseUnlessFaulted() {
    if (faulted) {
      releasedAtResume = true;
    } else {
      release(peerGone || suspended);
    }
  }

  private void releaseFaulted() {
    if (releasedAtResume) {
      releasedAtResume = false;
      release(true);
    }
  }

  /** Says whether {@link #close()} was called. May be called from any thread. */
  public final boolean isClosed() {
    return closed;
  }

  /**
   * Gives back memory and port, at home. {@link #endPeerWatch} must follow, at once or later.
   *
   * @param peerDomainGone nothing will come from the peer any more, not even a notification
   */
  abstract void release(boolean peerDomainGone);

  /** What {@link #release} waits for will not come. At home. */
  void peerGoneAfterClose() {}

  /** The peer's domain is of no interest any more. */
  final void endPeerWatch() {
    peerWatch.cancel();
  }

  private void peerDomainGone() {
    peerGone = true;
    if (closed) {
      peerGoneAfterClose();
    } else {
      look();
    }
  }

  /** Has the loop that uses the link look at it. Called at home. */
  public final void look() {
    if (isAtHome()) {
      listener.doorbell();
    } else {
      runAtUser(() -> listener.doorbell());
    }
  }

  private final class Bell implements DoorbellHandler {
    /** Of the home loop. A link's first event is of use: it could not come without a handshake. */
    private long movedAtEvent = -1;

    @Override
    public void rung() {
      look();
    }

    @Override
    public boolean movedBytes() {
      // Another loop that uses the link may be ahead of what is read here: the next event tells.
      long moved = producer.written() + consumer.received();
      boolean movedSince = moved != movedAtEvent;
      movedAtEvent = moved;
      return movedSince;
    }

    @Override
    public boolean recall() {
      Executor now = user.get();
      if (now == null || home.equals(now)) {
        return false;
      }
      runAtUser(() -> listener.homeEnds());
      return true;
    }

    @Override
    public void suspended() {
      suspended = true;
      faulted = false;
      releaseFaulted();
      look();
    }

    @Override
    public void loopEnds() {
      releaseFaulted();
      if (isAtHome() || user.compareAndSet(null, home)) {
        LinkListener told = listener;
        close();
        told.loopEnds();
      }
    }
  }
}
