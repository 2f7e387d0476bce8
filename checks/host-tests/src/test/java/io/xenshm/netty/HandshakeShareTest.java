package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HandshakeShareTest {
  private static final int GREEDY = 2;
  private static final int OTHER = 3;
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private long now;
  private int busyDomain = OTHER;
  private final HandshakeShare share =
      new HandshakeShare(domain -> busyDomain != domain, () -> now);

  @Test
  void aDomainGetsATenthOfTheTimeWhileOthersAreBusy() {
    long taken = 0;
    for (now = 0; now < 1000 * MILLI; now += MILLI / 10) {
      if (!share.isSpent(GREEDY)) {
        take(GREEDY, MILLI / 2);
        taken += MILLI / 2;
      }
    }
    assertTrue(taken <= 105 * MILLI, taken + " ns of a second");
    assertTrue(taken >= 95 * MILLI, taken + " ns of a second");
  }

  @Test
  void othersHandshakesDoNotWaitForAGreedyDomains() {
    take(GREEDY, 100 * MILLI);
    assertTrue(share.isSpent(GREEDY));
    assertFalse(share.isSpent(OTHER));
  }

  @Test
  void aDomainThatIsAloneWaitsForNobody() {
    busyDomain = GREEDY;
    take(GREEDY, 100 * MILLI);
    assertFalse(share.isSpent(GREEDY));
  }

  @Test
  void othersThatRestForAMomentAreStillBusy() {
    take(GREEDY, 100 * MILLI);
    assertTrue(share.isSpent(GREEDY));
    busyDomain = GREEDY;
    now += 9 * MILLI;
    assertTrue(share.isSpent(GREEDY));
    now += 2 * MILLI;
    assertFalse(share.isSpent(GREEDY));
  }

  @Test
  void aShortHandshakeIsForgivenAndALongOneIsNotHeldAgainstADomainForLong() {
    take(GREEDY, MILLI);
    assertFalse(share.isSpent(GREEDY));

    take(GREEDY, 10_000 * MILLI);
    assertTrue(share.isSpent(GREEDY));
    now += 500 * MILLI;
    assertFalse(share.isSpent(GREEDY));
  }

  private void take(int domain, long nanos) {
    share.run(domain, () -> now += nanos);
  }
}
