package io.xenshm.xenstore;

import static io.xenshm.xenstore.FloodBrake.MAX_FRUITLESS_LOOKS;
import static io.xenshm.xenstore.FloodBrake.PERIOD_NANOS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FloodBrakeTest {
  private static final long START = Long.MAX_VALUE - PERIOD_NANOS / 2; // overflows on the way

  private final FloodBrake brake = new FloodBrake(START);

  @Test
  void eventsThatNobodyFollowsUpWaitForTheEndOfThePeriod() {
    look(START + 10, MAX_FRUITLESS_LOOKS);

    assertEquals(PERIOD_NANOS - 10, brake.pause(START + 10));
    assertTrue(brake.pause(START + PERIOD_NANOS) <= 0);
  }

  @Test
  void fewEventsDoNotWait() {
    look(START + 10, MAX_FRUITLESS_LOOKS - 1);

    assertEquals(0, brake.pause(START + 10));
  }

  @Test
  void anEventThatIsFollowedUpEndsTheCount() {
    look(START + 10, MAX_FRUITLESS_LOOKS - 1);
    brake.looked(START + 11, false);
    look(START + 12, 1);

    assertEquals(0, brake.pause(START + 12));
  }

  @Test
  void eachPeriodCountsForItself() {
    look(START + 10, MAX_FRUITLESS_LOOKS - 1);
    look(START + PERIOD_NANOS, 1);

    assertEquals(0, brake.pause(START + PERIOD_NANOS));
    look(START + PERIOD_NANOS, MAX_FRUITLESS_LOOKS - 1);
    assertEquals(PERIOD_NANOS, brake.pause(START + PERIOD_NANOS));
  }

  private void look(long now, int times) {
    for (int i = 0; i < times; i++) {
      brake.looked(now, true);
    }
  }
}
