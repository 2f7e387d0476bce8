package io.xenshm.ring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A ring's shared memory as the peer sees it: every word can be written. */
final class TestMemory implements AutoCloseable {
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena = Arena.ofShared();
  final MemorySegment control = arena.allocate(RingLayout.CONTROL_SIZE, 64);
  final MemorySegment data;

  TestMemory(int size) {
    data = arena.allocate(size, 64);
  }

  /** As at the start of a connection that has moved {@code index} bytes already. */
  TestMemory startAt(int index) {
    control.fill((byte) 0);
    set(RingLayout.PRODUCER_INDEX, index);
    set(RingLayout.CONSUMER_INDEX, index);
    return this;
  }

  void set(int offset, int value) {
    control.set(WORD, offset, value);
  }

  int get(int offset) {
    return control.get(WORD, offset);
  }

  @Override
  public void close() {
    arena.close();
  }
}
