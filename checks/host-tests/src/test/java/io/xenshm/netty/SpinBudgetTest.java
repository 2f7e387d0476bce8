package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SpinBudgetTest {
  private static final long LIMIT = 50_000;
  private static final long NOW = 1_000_000_000;
  private static final long SHORT_PAUSE = 2_000;
  private static final long SHORT_TURN = 400_000;
  private static final long TURN_OF_ANOTHER = 3_000_000;

  private final SpinBudget budget = new SpinBudget();

  @Test
  void looksForTheWholeLimitAtFirst() {
    assertEquals(LIMIT, budget.nanos(LIMIT, NOW));
  }

  private void lookInVainAgainAndAgain() {
    for (int i = 0; i < 16; i++) {
      budget.lookedInVain();
    }
  }

  @Test
  void sleepsAtOnceAfterLookingInVainAgainAndAgain() {
    lookInVainAgainAndAgain();
    assertEquals(0, budget.nanos(LIMIT, NOW));
  }

  @Test
  void looksAgainAfterSleepsThatLookingWouldHaveSpared() {
    lookInVainAgainAndAgain();
    for (int i = 0; i < 16; i++) {
      budget.slept(LIMIT - 1, LIMIT);
    }
    assertEquals(LIMIT, budget.nanos(LIMIT, NOW));
  }

  @Test
  void shortPausesAreNoReasonToSleep() {
    assertFalse(budget.passed(NOW, NOW + SHORT_PAUSE, LIMIT));
    assertEquals(LIMIT, budget.nanos(LIMIT, NOW + SHORT_PAUSE));
  }

  @Test
  void sleepsAtOnceForAMultipleOfTheTimeThatAnotherHadTheProcessor() {
    long after = NOW + TURN_OF_ANOTHER;
    assertTrue(budget.passed(NOW, after, LIMIT));
    assertEquals(0, budget.nanos(LIMIT, after));
    assertEquals(0, budget.nanos(LIMIT, after + 10 * TURN_OF_ANOTHER));
    assertEquals(LIMIT, budget.nanos(LIMIT, after + 100 * TURN_OF_ANOTHER));
  }

  @Test
  void whereLoopsLookForLongAPauseIsLongWhenItTakesLonger() {
    assertFalse(budget.passed(NOW, NOW + TURN_OF_ANOTHER, TURN_OF_ANOTHER));
    assertTrue(budget.passed(NOW, NOW + 5 * TURN_OF_ANOTHER, TURN_OF_ANOTHER));
  }

  @Test
  void aShortTurnOfAnotherNowAndThenIsForgiven() {
    long now = NOW;
    for (int i = 0; i < 100; i++) {
      assertFalse(budget.passed(now, now + SHORT_TURN, LIMIT));
      now += SHORT_TURN;
      assertEquals(LIMIT, budget.nanos(LIMIT, now));
      now += 60 * SHORT_TURN;
    }
  }

  @Test
  void shortTurnsOfOthersOneAfterTheOtherAreNotForgiven() {
    long now = NOW;
    int turns = 0;
    while (!budget.passed(now, now + SHORT_TURN, LIMIT)) {
      now += SHORT_TURN;
      turns++;
      assertTrue(turns < 10);
    }
    assertEquals(0, budget.nanos(LIMIT, now + SHORT_TURN));
  }
}
