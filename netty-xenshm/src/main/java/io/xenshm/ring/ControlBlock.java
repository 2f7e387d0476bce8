package io.xenshm.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Access to the words of a control block, with the memory order that each needs. */
final class ControlBlock {
  private static final VarHandle WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
  private static final int ALIGNMENT = 4;

  private final MemorySegment words;

  ControlBlock(MemorySegment words) {
    if (words.byteSize() < RingLayout.CONTROL_SIZE || words.address() % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "control block has "
              + words.byteSize()
              + " bytes at address "
              + Long.toHexString(words.address())
              + ", must have "
              + RingLayout.CONTROL_SIZE
              + " and be aligned to "
              + ALIGNMENT);
    }
    this.words = words;
  }

  /** Reads a word of the peer's; what the peer wrote before it is visible then. */
  int acquire(int offset) {
    return (int) WORD.getAcquire(words, (long) offset);
  }

  /** Writes an own word; what was written before it is visible to whoever sees it. */
  void release(int offset, int value) {
    WORD.setRelease(words, (long) offset, value);
  }

  /**
   * Arms a bell. The fence keeps the caller's next look at the peer's index behind the store: with
   * the fence in {@link #takeBell}, at least one side sees what the other one did.
   */
  void armBell(int offset) {
    WORD.setOpaque(words, (long) offset, 1);
    VarHandle.fullFence();
  }

  void disarmBell(int offset) {
    WORD.setOpaque(words, (long) offset, 0);
  }

  /**
   * Takes the peer's bell after an index was published; true if it was armed, for one caller. Any
   * value but 0 counts as armed: a peer that writes nonsense gets events, which harm nobody else.
   */
  boolean takeBell(int offset) {
    VarHandle.fullFence();
    return (int) WORD.getOpaque(words, (long) offset) != 0
        && (int) WORD.getAndSet(words, (long) offset, 0) != 0;
  }
}
