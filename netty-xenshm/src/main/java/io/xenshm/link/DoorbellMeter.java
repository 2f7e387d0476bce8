package io.xenshm.link;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntArrayList;

/**
 * Counts the events that each domain sends to one event loop, and says which ports are to stay
 * masked for a while: those of a domain that rings more often than it may. Belongs to the event
 * loop.
 */
final class DoorbellMeter {
  /** Short, so that a domain which is only just over the limit does not wait for long. */
  static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final PeerLimits limits;
  private final LongSupplier clock;
  private final long eventsPerWindow;
  private final Int2ObjectHashMap<Domain> domains = new Int2ObjectHashMap<>();
  private final IntArrayList withheld = new IntArrayList();

  /**
   * Creates it.
   *
   * @param clock nanoseconds, as {@link System#nanoTime()}
   */
  DoorbellMeter(PeerLimits limits, LongSupplier clock) {
    this.limits = limits;
    this.clock = clock;
    long perSecond = limits.value(PeerLimit.DOORBELLS);
    eventsPerWindow = Math.max(1, perSecond * WINDOW_NANOS / TimeUnit.SECONDS.toNanos(1));
  }

  long now() {
    return clock.getAsLong();
  }

  /** Counts an event at a port of a domain; false where the port is to stay masked. */
  boolean allows(int domainId, int port, long now) {
    Domain domain = domains.get(domainId);
    if (domain == null) {
      domain = new Domain(now);
      domains.put(domainId, domain);
    }
    if (now - domain.windowStart >= WINDOW_NANOS) {
      domain.windowStart = now;
      domain.events = 0;
    }
    if (++domain.events <= eventsPerWindow) {
      return true;
    }
    if (domain.events == eventsPerWindow + 1) {
      limits.reached(PeerLimit.DOORBELLS, domainId);
    }
    withheld.addInt(port);
    return false;
  }

  boolean withholds() {
    return !withheld.isEmpty();
  }

  /** Returns the ports that were withheld, and forgets them. */
  int[] takeWithheld() {
    int[] ports = withheld.toIntArray();
    withheld.clear();
    return ports;
  }

  private static final class Domain {
    private long windowStart;
    private long events;

    Domain(long now) {
      windowStart = now;
    }
  }
}
