package io.xenshm.xenstore;

import java.util.concurrent.TimeUnit;

/**
 * Says when events may wait. Each look for them costs a wake-up and two system calls, and any guest
 * can have the daemon send as many as it likes: whoever watches {@code /local/domain} is told of
 * each node that it may read. So looks that led to no request are few in a period; what comes
 * meanwhile is read with the next one.
 *
 * <p>For one thread. Times are those of {@link System#nanoTime()}.
 */
final class FloodBrake {
  static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
  static final int MAX_FRUITLESS_LOOKS = 8;

  private long periodEnd;
  private int fruitlessLooks;

  FloodBrake(long now) {
    periodEnd = now + PERIOD_NANOS;
  }

  /** Takes note of a look. */
  void looked(long now, boolean fruitless) {
    if (now - periodEnd >= 0) {
      periodEnd = now + PERIOD_NANOS;
      fruitlessLooks = 0;
    }
    fruitlessLooks = fruitless ? fruitlessLooks + 1 : 0;
  }

  /** Returns for how many nanoseconds events may wait; 0 or less: not at all. */
  long pause(long now) {
    return fruitlessLooks < MAX_FRUITLESS_LOOKS ? 0 : periodEnd - now;
  }
}
