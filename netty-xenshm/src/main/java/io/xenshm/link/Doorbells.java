package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.XenException;
import java.util.ArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * The doorbells of one event loop: its event channels, and who answers at each port.
 *
 * <p>All methods are called on the event loop's thread, but for {@link #ringFromElsewhere} and
 * {@link #handBack}: a link may be used on another loop than its port's.
 */
public final class Doorbells implements AutoCloseable {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Doorbells.class);
  private static final int PORTS_PER_POLL = 256;

  /** How long the end of the loop waits for what other loops use; they may be blocked. */
  private static final long RECALL_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final EventChannels channels;
  private final Int2ObjectHashMap<DoorbellHandler> handlers = new Int2ObjectHashMap<>();
  private final int[] polled = new int[PORTS_PER_POLL];
  private final LinkedBlockingQueue<Runnable> handedBack = new LinkedBlockingQueue<>();

  /** Guards {@link #ended}, and what other threads do with the event channels. */
  private final Object lock = new Object();

  private boolean ended;

  /** On the event loop: nothing will be told any more. */
  private boolean closing;

  /** Takes ownership of the event channels. */
  public Doorbells(EventChannels channels) {
    this.channels = channels;
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
    for (int i = 0; i < count; i++) {
      DoorbellHandler handler = handlers.get(polled[i]);
      if (handler != null) {
        try {
          handler.rung();
        } catch (RuntimeException e) {
          logger.warn("Handler of event channel port {} failed", polled[i], e);
        }
      }
    }
    if (count > 0) {
      channels.unmask(polled, count);
    }
  }

  EventChannels channels() {
    return channels;
  }

  int bindUnbound(int remoteDomain, DoorbellHandler handler) throws XenException {
    int port = channels.bindUnbound(remoteDomain);
    handlers.put(port, handler);
    return port;
  }

  int bindInterdomain(int remoteDomain, int remotePort, DoorbellHandler handler)
      throws XenException {
    int port = channels.bindInterdomain(remoteDomain, remotePort);
    handlers.put(port, handler);
    return port;
  }

  void replaceHandler(int port, DoorbellHandler handler) {
    handlers.put(port, handler);
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
   *
   * @param loop this event loop
   */
  void handBack(Executor loop, Runnable release) {
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
  boolean isClosing() {
    return closing;
  }

  void unbind(int port) {
    handlers.remove(port);
    try {
      channels.unbind(port);
    } catch (XenException e) {
      logger.debug("Event channel port {} could not be unbound", port, e);
    }
  }

  /**
   * Asks other loops for the links that they use.
   *
   * @return whether there are any
   */
  public boolean recall() {
    boolean away = false;
    for (DoorbellHandler handler : new ArrayList<>(handlers.values())) {
      away |= handler.recall();
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
    closing = true;
    for (DoorbellHandler handler : new ArrayList<>(handlers.values())) {
      try {
        handler.loopEnds();
      } catch (RuntimeException e) {
        logger.warn("A link could not be closed at the end of its event loop", e);
      }
    }
    handlers.clear();
    synchronized (lock) {
      ended = true;
      channels.close();
      releaseHandedBack();
    }
  }
}
