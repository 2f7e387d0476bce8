package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SpinPauseTest {
  private static final long YIELD_TO_NOBODY = 350;
  private static final long YIELD_TO_THE_PEER = 2_200;
  private static final long YIELD_TO_A_LONG_TASK = 3_000_000;

  private final SpinPause pause = new SpinPause();

  @Test
  void keepsTheProcessorForAWhileAndThenYields() {
    assertTrue(pause.keepsProcessor(4_999));
    assertFalse(pause.keepsProcessor(5_000));
  }

  @Test
  void yieldsAtOnceWhereYieldsLetThePeerRun() {
    pause.yielded(YIELD_TO_THE_PEER);
    pause.found();
    assertFalse(pause.keepsProcessor(0));
  }

  @Test
  void keepsTheProcessorAgainWhenYieldsLetNobodyRun() {
    for (int i = 0; i < 100; i++) {
      pause.yielded(YIELD_TO_THE_PEER);
      pause.found();
    }
    for (int i = 0; i < 16; i++) {
      assertFalse(pause.keepsProcessor(0));
      pause.yielded(YIELD_TO_NOBODY);
    }
    assertTrue(pause.keepsProcessor(0));
  }

  @Test
  void workAfterAYieldThatLetNobodyRunIsNoEvidence() {
    pause.yielded(YIELD_TO_NOBODY);
    pause.found();
    assertTrue(pause.keepsProcessor(0));
  }

  @Test
  void whereASystemCallIsSlowAYieldAsLongAsItLetNobodyRun() {
    pause.callTook(25_000);
    pause.yielded(20_000);
    pause.found();
    assertTrue(pause.keepsProcessor(0));

    pause.yielded(60_000);
    pause.found();
    assertFalse(pause.keepsProcessor(0));
  }

  @Test
  void whereASystemCallIsSlowTheProcessorIsKeptForLonger() {
    pause.callTook(25_000);
    assertTrue(pause.keepsProcessor(124_999));
    assertFalse(pause.keepsProcessor(125_000));

    pause.callTook(300);
    assertFalse(pause.keepsProcessor(5_000));

    pause.callTook(1_000_000);
    assertFalse(pause.keepsProcessor(200_000));
  }

  @Test
  void workAfterALongTaskOfSomebodyElseIsNoEvidence() {
    pause.yielded(YIELD_TO_A_LONG_TASK);
    pause.found();
    assertTrue(pause.keepsProcessor(0));
  }
}
