package io.xenshm.netty;

/**
 * Whether to look for work before sleeping, by what paid lately. Looking in vain again and again
 * ends it: others need the processor. Sleeps that looking would have spared begin it again, on
 * trial.
 *
 * <p>A loop that looks does not sleep, and so has to queue for the processor with everybody who
 * computes; one that sleeps gets it soon after its doorbell. So whoever lost the processor to
 * others while it looked does not look for a multiple of that time. A short turn now and then, of
 * the kernel or the hypervisor, is forgiven.
 */
final class SpinBudget {
  private static final int MAX_CREDIT = 64;
  private static final int PRICE_OF_A_FAILURE = 4;
  private static final int SHORT_SLEEPS_TO_TRY = 16;
  private static final int TRIAL_CREDIT = 3 * PRICE_OF_A_FAILURE;

  /**
   * A pause that takes longer, and longer than a few times that a loop may look, is the turn of
   * somebody who computes, and not of the peer.
   */
  private static final long LONG_TURN_NANOS = 200_000;

  private static final int LONG_TURN_IN_LIMITS = 4;

  /** At most one part in so many of the time is lost to turns of others. */
  private static final int TIMES_OF_A_TURN = 50;

  /** What is forgiven of that: turns of a millisecond each 50, but none of a time slice. */
  private static final long FORGIVEN_NANOS = 100_000_000;

  private int credit = MAX_CREDIT;
  private int shortSleeps;

  /** For how long not to look after the turns of others, at the time of the last one. */
  private long owedNanos;

  private long lastTurn;

  /** Returns the time to look, in nanoseconds: the limit, or 0 while it does not pay. */
  long nanos(long limitNanos, long now) {
    return credit > 0 && owedNanos(now) <= FORGIVEN_NANOS ? limitNanos : 0;
  }

  /** A pause between two looks is over; true if others had the processor for too long. */
  boolean passed(long before, long now, long limitNanos) {
    long turn = now - before;
    if (turn < Math.max(LONG_TURN_NANOS, LONG_TURN_IN_LIMITS * limitNanos)) {
      return false;
    }
    owedNanos = owedNanos(before) + turn * TIMES_OF_A_TURN;
    lastTurn = now;
    return owedNanos > FORGIVEN_NANOS;
  }

  private long owedNanos(long now) {
    return owedNanos == 0 ? 0 : Math.max(0, owedNanos - (now - lastTurn));
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
