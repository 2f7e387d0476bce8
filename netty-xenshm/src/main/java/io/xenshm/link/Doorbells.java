package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.XenException;
import java.util.ArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * The doorbells of one event loop: its event channels, and who answers at each port.
 *
 * <p>A port is unmasked after its event was taken, so that a peer that rings without end makes one
 * event at a time. The ports of a domain that makes too many that were of no use stay masked for a
 * moment: the others are served meanwhile, and an event of that time is seen after it.
 *
 * <p>All methods are called on the event loop's thread, but for {@link #ringFromElsewhere} and
 * {@link #handBack}: a link may be used on another loop than its port's.
 */
public final class Doorbells implements AutoCloseable {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Doorbells.class);
  private static final int PORTS_PER_POLL = 256;

  /** How long the end of the loop waits for what other loops use; they may be blocked. */
  private static final long RECALL_NANOS = TimeUnit.SECONDS.toNanos(5);

  private record Answerer(int domain, DoorbellHandler handler) {}

  private final EventChannels channels;
  private final DoorbellMeter meter;
  private final ScheduledExecutorService loop;
  private final Int2ObjectHashMap<Answerer> answerers = new Int2ObjectHashMap<>();
  private final int[] polled = new int[PORTS_PER_POLL];
  private final LinkedBlockingQueue<Runnable> handedBack = new LinkedBlockingQueue<>();

  /** Guards {@link #ended}, and what other threads do with the event channels. */
  private final Object lock = new Object();

  /** Handlers are told nothing any more. */
  private boolean closed;

  private boolean ended;

  /** Ends these doorbells; {@code null} while they are in use. */
  private Runnable end;

  /**
   * Takes ownership of the event channels.
   *
   * @param limits how often a domain may ring
   * @param loop the event loop
   */
  public Doorbells(EventChannels channels, PeerLimits limits, ScheduledExecutorService loop) {
    this(channels, new DoorbellMeter(limits, System::nanoTime), loop);
  }

  Doorbells(EventChannels channels, DoorbellMeter meter, ScheduledExecutorService loop) {
    this.channels = channels;
    this.meter = meter;
    this.loop = loop;
  }

  /** Returns the descriptor to wait for, see {@link EventChannels#fileDescriptor()}. */
  public int fileDescriptor() {
    return channels.fileDescriptor();
  }

  /**
   * Calls the handlers of the ports that have an event. Takes a bounded number of ports: the
   * descriptor stays readable where there are more.
   *
   * @throws XenException if the descriptor failed
   */
  public void dispatch() throws XenException {
    int count = channels.poll(polled);
    if (count == 0) {
      return;
    }
    long now = meter.now();
    boolean withheldBefore = meter.withholds();
    int allowed = 0;
    for (int i = 0; i < count; i++) {
      int port = polled[i];
      Answerer answerer = answerers.get(port);
      if (answerer != null) {
        rung(port, answerer.handler);
      }
      if (answerer == null
          || meter.allows(answerer.domain, port, answerer.handler.movedBytes(), now)) {
        polled[allowed++] = port;
      }
    }
    if (allowed > 0) {
      channels.unmask(polled, allowed);
    }
    if (!withheldBefore && meter.withholds()) {
      unmaskLater();
    }
  }

  /** Whatever one handler throws, the other ports are answered and unmasked. */
  private static void rung(int port, DoorbellHandler handler) {
    try {
      handler.rung();
    } catch (Throwable e) {
      logger.warn("Handler of event channel port {} failed", port, e);
    }
  }

  /**
   * Runs something on the event loop, after a while.
   *
   * @return {@code null} where the loop ends
   */
  Future<?> schedule(Runnable task, long millis) {
    try {
      return loop.schedule(task, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("The event loop ends", e);
      return null;
    }
  }

  private void unmaskLater() {
    try {
      loop.schedule(this::unmaskWithheld, DoorbellMeter.WINDOW_NANOS, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("The event loop ends: ports are unmasked at once", e);
      unmaskWithheld();
    }
  }

  private void unmaskWithheld() {
    int[] ports = meter.takeWithheld();
    if (closed) {
      return;
    }
    try {
      channels.unmask(ports, ports.length);
    } catch (XenException e) {
      logger.warn("Event channels failed; their links will not be woken", e);
    }
  }

  EventChannels channels() {
    return channels;
  }

  int bindUnbound(int remoteDomain, DoorbellHandler handler) throws XenException {
    int port = channels.bindUnbound(remoteDomain);
    answerers.put(port, new Answerer(remoteDomain, handler));
    return port;
  }

  int bindInterdomain(int remoteDomain, int remotePort, DoorbellHandler handler)
      throws XenException {
    int port = channels.bindInterdomain(remoteDomain, remotePort);
    answerers.put(port, new Answerer(remoteDomain, handler));
    return port;
  }

  void replaceHandler(int port, DoorbellHandler handler) {
    answerers.put(port, new Answerer(answerers.get(port).domain, handler));
  }

  void ring(int port) throws XenException {
    channels.notify(port);
  }

  /** Rings from the thread of another loop. */
  void ringFromElsewhere(int port) throws XenException {
    synchronized (lock) {
      if (ended) {
        throw new XenException("the event loop of event channel port " + port + " has ended");
      }
      channels.notify(port);
    }
  }

  /**
   * Has this loop release what another one used; that one touches it no more. Where this loop has
   * ended, it is released at once. May be called from any thread.
   */
  void handBack(Runnable release) {
    synchronized (lock) {
      if (ended) {
        release.run();
        return;
      }
      handedBack.add(release);
    }
    try {
      loop.execute(this::releaseHandedBack);
    } catch (RejectedExecutionException e) {
      logger.debug("The end of the event loop releases what was handed back", e);
    }
  }

  private void releaseHandedBack() {
    for (Runnable release = handedBack.poll(); release != null; release = handedBack.poll()) {
      release.run();
    }
  }

  /** Says whether handlers are told nothing any more. On the event loop, or after its end. */
  boolean isClosed() {
    return closed;
  }

  void unbind(int port) {
    answerers.remove(port);
    try {
      channels.unbind(port);
    } catch (XenException e) {
      logger.debug("Event channel port {} could not be unbound", port, e);
    }
    endIfUnused();
  }

  /**
   * Has these doorbells serve the ports that they have, and end with the last of them: others take
   * their place.
   *
   * @param suspended whether the domain was suspended, and no event comes any more
   * @param onEnd is run when there is no port left; closes these doorbells, not at once
   */
  public void retire(boolean suspended, Runnable onEnd) {
    end = onEnd;
    if (suspended) {
      for (Answerer answerer : new ArrayList<>(answerers.values())) {
        try {
          answerer.handler.suspended();
        } catch (Throwable e) {
          logger.warn("A link could not be told that its domain was suspended", e);
        }
      }
    }
    endIfUnused();
  }

  private void endIfUnused() {
    if (end != null && answerers.isEmpty()) {
      Runnable once = end;
      end = null;
      once.run();
    }
  }

  /**
   * Asks other loops for the links that they use.
   *
   * @return whether there are any
   */
  public boolean recall() {
    boolean away = false;
    for (Answerer answerer : new ArrayList<>(answerers.values())) {
      away |= answerer.handler.recall();
    }
    return away;
  }

  private void awaitRecalled() {
    long deadline = System.nanoTime() + RECALL_NANOS;
    releaseHandedBack();
    while (recall()) {
      try {
        Runnable release = handedBack.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (release == null) {
          logger.warn("An event loop ends although another one still uses its connections");
          return;
        }
        release.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /**
   * Tells all handlers that the loop ends, then unbinds all ports. Waits a bounded time for links
   * that other loops use.
   */
  @Override
  public void close() {
    awaitRecalled();
    closed = true;
    end = null; // it is happening
    for (Answerer answerer : new ArrayList<>(answerers.values())) {
      try {
        answerer.handler.loopEnds();
      } catch (Throwable e) {
        logger.warn("A link could not be closed at the end of its event loop", e);
      }
    }
    answerers.clear();
    synchronized (lock) {
      ended = true;
      channels.close();
      releaseHandedBack();
    }
  }
}
