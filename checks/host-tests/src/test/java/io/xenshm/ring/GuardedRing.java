package io.xenshm.ring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.Fuzzing;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A ring's memory and the buffers beside it, for fuzzing: every one between guards, so that a write
 * to where nobody may write is seen. For one thread.
 */
final class GuardedRing {
  static final int MAX_CAPACITY = 8192;

  private static final int GUARD = 64;
  private static final byte GUARD_BYTE = 0x5a;
  private static final int[] WORDS = {
    RingLayout.PRODUCER_INDEX,
    RingLayout.WRITER_STATE,
    RingLayout.CONSUMER_INDEX,
    RingLayout.READER_STATE,
    RingLayout.DATA_BELL,
    RingLayout.SPACE_BELL
  };
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory =
      Arena.ofAuto().allocate(3L * GUARD + RingLayout.CONTROL_SIZE + MAX_CAPACITY, GUARD);
  private final ByteBuffer direct = ByteBuffer.allocateDirect(MAX_CAPACITY + 2 * GUARD);
  private final byte[] heap = new byte[MAX_CAPACITY + 2 * GUARD];
  final MemorySegment control = memory.asSlice(GUARD, RingLayout.CONTROL_SIZE);
  MemorySegment data;

  /** As at the start of a connection that has moved {@code index} bytes already. */
  void begin(int capacity, int index) {
    memory.fill(GUARD_BYTE);
    control.fill((byte) 0);
    control.set(WORD, RingLayout.PRODUCER_INDEX, index);
    control.set(WORD, RingLayout.CONSUMER_INDEX, index);
    data = memory.asSlice(2L * GUARD + RingLayout.CONTROL_SIZE, capacity);
    data.fill((byte) 0);
  }

  /** Writes a word of the control block: a value, or a step from what is there. */
  void corrupt(FuzzInput input) {
    int offset = WORDS[input.below(WORDS.length)];
    int value = input.yes() ? input.i32() : control.get(WORD, offset) + (byte) input.u8();
    control.set(WORD, offset, value);
  }

  /** Writes a word of the data. */
  void corruptData(FuzzInput input) {
    long offset = 4L * input.below((int) data.byteSize() / 4);
    data.set(WORD, offset, input.yes() ? input.u8() : input.i32());
  }

  /** An empty buffer with room for so many bytes: on the heap, or of direct memory. */
  ByteBuf buffer(FuzzInput input, int room) {
    if (input.yes()) {
      java.util.Arrays.fill(heap, GUARD_BYTE);
      return Unpooled.wrappedBuffer(heap, GUARD, room).clear();
    }
    MemorySegment.ofBuffer(direct).fill(GUARD_BYTE);
    return Unpooled.wrappedBuffer(direct.slice(GUARD, room)).clear();
  }

  /** Fails the run where a guard was written to. */
  void checkGuards(ByteBuf buffer) {
    check(memory, 0);
    check(memory, GUARD + RingLayout.CONTROL_SIZE);
    check(memory, 2L * GUARD + RingLayout.CONTROL_SIZE + data.byteSize());
    if (buffer == null || buffer.capacity() == 0) {
      // none, or Netty's empty one
      return;
    }
    if (buffer.hasArray()) {
      check(MemorySegment.ofArray(heap), 0);
      check(MemorySegment.ofArray(heap), GUARD + buffer.capacity());
    } else {
      check(MemorySegment.ofBuffer(direct), 0);
      check(MemorySegment.ofBuffer(direct), GUARD + buffer.capacity());
    }
  }

  private static void check(MemorySegment guarded, long offset) {
    for (int i = 0; i < GUARD; i++) {
      Fuzzing.check(
          guarded.get(ValueLayout.JAVA_BYTE, offset + i) == GUARD_BYTE,
          "nothing is written outside of rings and buffers");
    }
  }
}
