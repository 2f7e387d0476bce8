package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.XenException;
import java.util.ArrayList;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * The doorbells of one event loop: its event channels, and who answers at each port.
 *
 * <p>All methods are called on the event loop's thread.
 */
public final class Doorbells implements AutoCloseable {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Doorbells.class);
  private static final int PORTS_PER_POLL = 256;

  private final EventChannels channels;
  private final Int2ObjectHashMap<DoorbellHandler> handlers = new Int2ObjectHashMap<>();
  private final int[] polled = new int[PORTS_PER_POLL];

  /** Ends these doorbells; {@code null} while they are in use. */
  private Runnable end;

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

  void unbind(int port) {
    handlers.remove(port);
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
      for (DoorbellHandler handler : new ArrayList<>(handlers.values())) {
        try {
          handler.suspended();
        } catch (RuntimeException e) {
          logger.warn("A link could not be told that its domain was suspended", e);
        }
      }
    }
    endIfUnused();
  }

  private void endIfUnused() {
    if (end != null && handlers.isEmpty()) {
      Runnable once = end;
      end = null;
      once.run();
    }
  }

  /** Tells all handlers that the loop ends, then unbinds all ports. */
  @Override
  public void close() {
    for (DoorbellHandler handler : new ArrayList<>(handlers.values())) {
      try {
        handler.loopEnds();
      } catch (RuntimeException e) {
        logger.warn("A link could not be closed at the end of its event loop", e);
      }
    }
    handlers.clear();
    channels.close();
  }
}
