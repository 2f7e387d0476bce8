package io.xenshm.link;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.IntArrayList;

/**
 * Counts the events that each domain sends to one event loop for nothing, and says which ports are
 * to stay masked for a while: those of a domain that rings for nothing more often than it may. An
 * event with which bytes moved is the price of a connection's work, which its peer pays too: it is
 * not counted, however many connections a domain has. Belongs to the event loop.
 */
final class DoorbellMeter {
  /** Short, so that a domain which is only just over the limit does not wait for long. */
  static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /**
   * Events for nothing that one of use pays for. Where the loop read the bytes before it took their
   * event, the event is for nothing although an honest peer sent it: one for data, one for space.
   */
  private static final int CREDIT = 2;

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

  /**
   * Counts an event at a port of a domain; false where the port is to stay masked.
   *
   * @param useful whether bytes moved since the event before it
   */
  boolean allows(int domainId, int port, boolean useful, long now) {
    Domain domain = domains.get(domainId);
    if (domain == null) {
      domain = new Domain(now);
      domains.put(domainId, domain);
    }
    if (now - domain.windowStart >= WINDOW_NANOS) {
      domain.windowStart = now;
      domain.events = 0;
    }
    if (useful) {
      domain.credit = Math.min(domain.credit + CREDIT, eventsPerWindow);
      return true;
    }
    if (domain.credit > 0) {
      domain.credit--;
      return true;
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

    /** Bounded, so that work of long ago does not pay for a storm. */
    private long credit;

    Domain(long now) {
      windowStart = now;
    }
  }
}
