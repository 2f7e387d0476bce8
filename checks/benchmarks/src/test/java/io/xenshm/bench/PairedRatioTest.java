package io.xenshm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PairedRatioTest {
  @Test
  void equalRatiosHaveNoWidth() {
    PairedRatio ratio = PairedRatio.of(new double[] {2, 4, 8}, new double[] {1, 2, 4});
    assertEquals(2, ratio.mean(), 1e-9);
    assertEquals(2, ratio.low(), 1e-9);
    assertEquals(2, ratio.high(), 1e-9);
  }

  @Test
  void intervalIsStudents() {
    double step = Math.exp(0.1);
    double[] ours = {
      1, step, 1, step, 1, step, 1, step, 1, step, 1, step, 1, step, 1, step, 1, step, 1, step, 1
    };
    double[] ones = new double[ours.length];
    Arrays.fill(ones, 1);
    PairedRatio ratio = PairedRatio.of(ours, ones);
    // 21 values of 0 and 0.1: deviation 0.0512, t of 20 degrees 2.086
    double error = 2.086 * 0.05118 / Math.sqrt(21);
    assertEquals(1.0 / 21, Math.log(ratio.mean()), 1e-9);
    assertEquals(1.0 / 21 - error, Math.log(ratio.low()), 1e-4);
    assertTrue(ratio.high() > ratio.mean());
  }

  @Test
  void seriesOfDifferentLengthAreNotCompared() {
    assertThrows(
        IllegalArgumentException.class, () -> PairedRatio.of(new double[2], new double[3]));
  }
}
