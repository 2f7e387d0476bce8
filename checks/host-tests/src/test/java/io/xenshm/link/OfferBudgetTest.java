package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OfferBudgetTest {
  private static final int DOMAIN = 3;
  private static final int OTHER = 4;

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final OfferBudget budget =
      new OfferBudget(
          new PeerLimits(now::get, new PeerWarnings(new EmbeddedChannel().eventLoop())), now::get);

  @Test
  void aDomainHasSoManyPendingOffersAndOthersTheirOwn() {
    long before = PeerLimits.reached(PeerLimit.PENDING_OFFERS);
    for (int i = 0; i < PeerLimit.PENDING_OFFERS.defaultValue(); i++) {
      assertTrue(budget.tryTake(DOMAIN));
    }
    assertFalse(budget.tryTake(DOMAIN));
    assertEquals(before + 1, PeerLimits.reached(PeerLimit.PENDING_OFFERS));
    assertTrue(budget.tryTake(OTHER));
    budget.settled(DOMAIN);
    assertTrue(budget.tryTake(DOMAIN));
  }

  @Test
  void aDomainHasSoManyOffersInASecondAndOthersTheirOwn() {
    long before = PeerLimits.reached(PeerLimit.OFFERS);
    for (int i = 0; i < PeerLimit.OFFERS.defaultValue(); i++) {
      assertTrue(budget.tryTake(DOMAIN));
      budget.settled(DOMAIN);
    }
    assertFalse(budget.tryTake(DOMAIN));
    assertEquals(before + 1, PeerLimits.reached(PeerLimit.OFFERS));
    assertTrue(budget.tryTake(OTHER));

    now.addAndGet(OfferBudget.SECOND_NANOS - 1);
    assertFalse(budget.tryTake(DOMAIN));
    now.incrementAndGet();
    assertTrue(budget.tryTake(DOMAIN));
  }

  @Test
  void tooManyViolationsSilenceADomainForAWhile() {
    for (int i = 0; i < OfferBudget.MAX_VIOLATIONS; i++) {
      budget.violated(DOMAIN);
    }
    assertTrue(budget.tryTake(DOMAIN));
    budget.violated(DOMAIN);
    assertFalse(budget.tryTake(DOMAIN));
    assertTrue(budget.tryTake(OTHER));

    now.addAndGet(OfferBudget.WINDOW_NANOS - 1);
    assertFalse(budget.tryTake(DOMAIN));
    now.incrementAndGet();
    assertTrue(budget.tryTake(DOMAIN));
  }

  @Test
  void fewViolationsNowAndThenAreForgotten() {
    for (int i = 0; i < 10 * OfferBudget.MAX_VIOLATIONS; i++) {
      budget.violated(DOMAIN);
      now.addAndGet(OfferBudget.WINDOW_NANOS / OfferBudget.MAX_VIOLATIONS);
      assertTrue(budget.tryTake(DOMAIN));
      budget.settled(DOMAIN);
    }
  }
}
