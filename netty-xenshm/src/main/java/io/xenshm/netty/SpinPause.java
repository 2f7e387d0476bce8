package io.xenshm.netty;

/**
 * What a loop does between two looks: it keeps its processor for a while, and then yields it. Where
 * yields let the peer run, both ends share a processor, and keeping it would only hold the peer up;
 * then it yields at once.
 */
final class SpinPause {
  private static final long MIN_BUSY_NANOS = 5_000;
  private static final long MAX_BUSY_NANOS = 200_000;

  /** Where a system call is slow, so is each yield: none before some times as long. */
  private static final int BUSY_IN_CALLS = 5;

  /** A yield that takes less let nobody run; where system calls are slow, one as long as they. */
  private static final long MIN_SWITCH_NANOS = 1_000;

  /** A yield that takes more let somebody run who had other things to do. */
  private static final long MAX_SWITCH_NANOS = 200_000;

  private static final int MAX_EVIDENCE = 16;
  private static final int EVIDENCE_OF_A_SWITCH = 2;

  private long busyNanos = MIN_BUSY_NANOS;
  private long minSwitchNanos = MIN_SWITCH_NANOS;
  private int evidence;
  private boolean switched;

  /**
   * Passes some time.
   *
   * @param waitedNanos how long there was nothing to do
   */
  @SuppressWarnings("ThreadPriorityCheck") // a yield helps where both ends share a processor
  void pause(long waitedNanos) {
    if (keepsProcessor(waitedNanos)) {
      switched = false;
      Thread.onSpinWait();
      return;
    }
    long before = System.nanoTime();
    Thread.yield();
    yielded(System.nanoTime() - before);
  }

  boolean keepsProcessor(long waitedNanos) {
    return evidence == 0 && waitedNanos < busyNanos;
  }

  /** A system call that found nothing to do took so long. */
  void callTook(long nanos) {
    busyNanos = Math.clamp(BUSY_IN_CALLS * nanos, MIN_BUSY_NANOS, MAX_BUSY_NANOS);
    minSwitchNanos = Math.max(MIN_SWITCH_NANOS, nanos);
  }

  /** A yield came back after so long. */
  void yielded(long nanos) {
    switched = nanos > minSwitchNanos && nanos < MAX_SWITCH_NANOS;
    if (!switched && evidence > 0) {
      evidence--;
    }
  }

  /** The last pause was followed by work. */
  void found() {
    if (switched) {
      evidence = Math.min(evidence + EVIDENCE_OF_A_SWITCH, MAX_EVIDENCE);
    } else if (evidence > 0) {
      evidence--;
    }
  }
}
