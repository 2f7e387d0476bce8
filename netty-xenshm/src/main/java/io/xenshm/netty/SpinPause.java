package io.xenshm.netty;

/**
 * What a loop does between two looks: it keeps its processor for a while, and then yields it. Where
 * yields let the peer run, both ends share a processor, and keeping it would only hold the peer up;
 * then it yields at once.
 */
final class SpinPause {
  private static final long BUSY_NANOS = 5_000;

  /** A yield that takes less let nobody run. */
  private static final long MIN_SWITCH_NANOS = 1_000;

  /** A yield that takes more let somebody run who had other things to do. */
  private static final long MAX_SWITCH_NANOS = 200_000;

  private static final int MAX_EVIDENCE = 16;
  private static final int EVIDENCE_OF_A_SWITCH = 2;

  private int evidence;
  private boolean switched;

  /**
   * Passes some time.
   *
   * @param waitedNanos how long there was nothing to do
   * @param mayYield whether the processor may be given away
   */
  @SuppressWarnings("ThreadPriorityCheck") // a yield helps where both ends share a processor
  void pause(long waitedNanos, boolean mayYield) {
    if (!mayYield || keepsProcessor(waitedNanos)) {
      switched = false;
      Thread.onSpinWait();
      return;
    }
    long before = System.nanoTime();
    Thread.yield();
    yielded(System.nanoTime() - before);
  }

  boolean keepsProcessor(long waitedNanos) {
    return evidence == 0 && waitedNanos < BUSY_NANOS;
  }

  /** A yield came back after so long. */
  void yielded(long nanos) {
    switched = nanos > MIN_SWITCH_NANOS && nanos < MAX_SWITCH_NANOS;
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
