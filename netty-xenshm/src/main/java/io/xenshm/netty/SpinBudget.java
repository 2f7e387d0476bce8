package io.xenshm.netty;

/**
 * How long to look for work before sleeping, by what paid lately. Looking in vain halves it: the
 * peer may need this very processor. Several sleeps that looking would have spared double it.
 */
final class SpinBudget {
  private static final int MAX_HALVINGS = 10;
  private static final int SHORT_SLEEPS_TO_DOUBLE = 32;

  private int halvings;
  private int shortSleeps;

  /** Returns the time to look, in nanoseconds; 0 where that has not paid for long. */
  long nanos(long limitNanos) {
    return halvings == MAX_HALVINGS ? 0 : limitNanos >> halvings;
  }

  void lookedInVain() {
    halvings = Math.min(halvings + 1, MAX_HALVINGS);
    shortSleeps = 0;
  }

  void found() {
    halvings = Math.max(halvings - 1, 0);
  }

  /** Takes note of a sleep, and of how long looking was allowed to last. */
  void slept(long sleptNanos, long limitNanos) {
    if (sleptNanos < limitNanos && ++shortSleeps == SHORT_SLEEPS_TO_DOUBLE) {
      shortSleeps = 0;
      halvings = Math.max(halvings - 1, 0);
    }
  }
}
