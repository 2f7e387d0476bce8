package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.XenException;
import java.util.ArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * The doorbells of one event loop: its event channels, and who answers at each port.
 *
 * <p>A port is unmasked after its event was taken, so that a peer that rings without end makes one
 * event at a time. The ports of a domain that makes too many nevertheless stay masked for a moment:
 * the others are served meanwhile, and an event of that time is seen after it.
 *
 * <p>All methods are called on the event loop's thread.
 */
public final class Doorbells implements AutoCloseable {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Doorbells.class);
  private static final int PORTS_PER_POLL = 256;

  private record Answerer(int domain, DoorbellHandler handler) {}

  private final EventChannels channels;
  private final DoorbellMeter meter;
  private final ScheduledExecutorService loop;
  private final Int2ObjectHashMap<Answerer> answerers = new Int2ObjectHashMap<>();
  private final int[] polled = new int[PORTS_PER_POLL];
  private boolean closed;

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
      if (answerer == null || meter.allows(answerer.domain, port, now)) {
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

  private static void rung(int port, DoorbellHandler handler) {
    try {
      handler.rung();
    } catch (RuntimeException e) {
      logger.warn("Handler of event channel port {} failed", port, e);
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

  void unbind(int port) {
    answerers.remove(port);
    try {
      channels.unbind(port);
    } catch (XenException e) {
      logger.debug("Event channel port {} could not be unbound", port, e);
    }
  }

  /** Tells all handlers that the loop ends, then unbinds all ports. */
  @Override
  public void close() {
    closed = true;
    for (Answerer answerer : new ArrayList<>(answerers.values())) {
      try {
        answerer.handler.loopEnds();
      } catch (RuntimeException e) {
        logger.warn("A link could not be closed at the end of its event loop", e);
      }
    }
    answerers.clear();
    channels.close();
  }
}
