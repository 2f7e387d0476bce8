package io.xenshm.netty;

/**
 * Whether to look for work before sleeping, by what paid lately. Looking in vain again and again
 * ends it: others need the processor. Sleeps that looking would have spared begin it again, on
 * trial.
 */
final class SpinBudget {
  private static final int MAX_CREDIT = 64;
  private static final int PRICE_OF_A_FAILURE = 4;
  private static final int SHORT_SLEEPS_TO_TRY = 16;
  private static final int TRIAL_CREDIT = 3 * PRICE_OF_A_FAILURE;

  private int credit = MAX_CREDIT;
  private int shortSleeps;

  /** Returns the time to look, in nanoseconds: the limit, or 0 while it does not pay. */
  long nanos(long limitNanos) {
    return credit > 0 ? limitNanos : 0;
  }

  void found() {
    credit = Math.min(credit + 1, MAX_CREDIT);
  }

  void lookedInVain() {
    credit = Math.max(credit - PRICE_OF_A_FAILURE, 0);
  }

  /** Takes note of a sleep, and of how long looking may last. */
  void slept(long sleptNanos, long limitNanos) {
    if (credit == 0 && sleptNanos < limitNanos && ++shortSleeps == SHORT_SLEEPS_TO_TRY) {
      shortSleeps = 0;
      credit = TRIAL_CREDIT;
    }
  }
}
