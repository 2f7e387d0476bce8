package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OfferBudgetTest {
  private static final int DOMAIN = 3;
  private static final int OTHER = 4;

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final OfferBudget budget = new OfferBudget(now::get);

  @Test
  void aDomainHasSoManyReadsAtATimeAndOthersTheirOwn() {
    for (int i = 0; i < OfferBudget.MAX_READS; i++) {
      assertTrue(budget.tryRead(DOMAIN));
    }
    assertFalse(budget.tryRead(DOMAIN));
    assertTrue(budget.tryRead(OTHER));
    budget.readDone(DOMAIN);
    assertTrue(budget.tryRead(DOMAIN));
  }

  @Test
  void tooManyViolationsSilenceADomainForAWhile() {
    for (int i = 0; i < OfferBudget.MAX_VIOLATIONS; i++) {
      budget.violated(DOMAIN);
    }
    assertTrue(budget.tryRead(DOMAIN));
    budget.violated(DOMAIN);
    assertFalse(budget.tryRead(DOMAIN));
    assertTrue(budget.tryRead(OTHER));

    now.addAndGet(OfferBudget.WINDOW_NANOS - 1);
    assertFalse(budget.tryRead(DOMAIN));
    now.incrementAndGet();
    assertTrue(budget.tryRead(DOMAIN));
  }

  @Test
  void fewViolationsNowAndThenAreForgotten() {
    for (int i = 0; i < 10 * OfferBudget.MAX_VIOLATIONS; i++) {
      budget.violated(DOMAIN);
      now.addAndGet(OfferBudget.WINDOW_NANOS / OfferBudget.MAX_VIOLATIONS);
      assertTrue(budget.tryRead(DOMAIN));
      budget.readDone(DOMAIN);
    }
  }
}
