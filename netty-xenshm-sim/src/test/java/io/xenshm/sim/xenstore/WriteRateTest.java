package io.xenshm.sim.xenstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WriteRateTest {
  private static final int GREEDY = 1;
  private static final int OTHER = 2;
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final WriteRate rate = new WriteRate();
  private long now;

  @Test
  void aGuestWritesAsOftenAsTheReserveAllowsAndThenAtItsRate() {
    assertEquals(WriteRate.RESERVE + WriteRate.BURST, writesIn(0));
    assertEquals(10 * WriteRate.WRITES_PER_SECOND, writesIn(10 * SECOND), 5);
  }

  @Test
  void aGuestThatWritesSeldomIsNotHeldUpByOneThatWritesWithoutEnd() {
    writesIn(SECOND);
    for (int i = 0; i < WriteRate.BURST; i++) {
      assertEquals(0, rate.wrote(OTHER, now));
    }
    assertTrue(rate.wrote(OTHER, now) > 0);
    now += SECOND;
    assertEquals(0, rate.wrote(OTHER, now));
  }

  /** Writes as often as it may; returns how often that was. */
  private int writesIn(long nanos) {
    long end = now + nanos;
    int count = 0;
    while (true) {
      long wait = rate.wrote(GREEDY, now);
      if (now + wait > end) {
        now = end;
        return count;
      }
      now += wait;
      count++;
    }
  }
}
