package io.xenshm.ring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One side's view of a ring's data bytes. Copies never wrap: callers split at the end, where {@link
 * #untilWrap} is 0 bytes away.
 */
final class RingData {
  private final ByteBuffer view;
  private final int capacity;

  RingData(MemorySegment data) {
    if (data.byteSize() > RingLayout.MAX_SIZE) {
      throw new IllegalArgumentException(
          "ring data has " + data.byteSize() + " bytes, at most " + RingLayout.MAX_SIZE);
    }
    capacity = (int) data.byteSize();
    RingLayout.checkSize(capacity);
    view = data.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  int capacity() {
    return capacity;
  }

  /** Bytes from this index to the end of the segment. */
  int untilWrap(int index) {
    return capacity - offset(index);
  }

  /** Puts a little-endian word at an index that is a multiple of 4, so that it does not wrap. */
  void putInt(int index, int value) {
    view.clear().putInt(offset(index), value);
  }

  /** Returns the little-endian word at an index that is a multiple of 4. */
  int getInt(int index) {
    return view.clear().getInt(offset(index));
  }

  /** Moves the next {@code length} readable bytes of {@code src} into the ring. */
  void copyIn(int index, ByteBuf src, int length) {
    src.readBytes(window(index, length));
  }

  /** Moves the next {@code length} remaining bytes of {@code src} into the ring. */
  void copyIn(int index, ByteBuffer src, int length) {
    int from = src.position();
    view.clear().put(offset(index), src, from, length);
    src.position(from + length);
  }

  /** Appends {@code length} bytes of the ring to {@code dst}. */
  void copyOut(int index, ByteBuf dst, int length) {
    dst.writeBytes(window(index, length));
  }

  private ByteBuffer window(int index, int length) {
    int from = offset(index);
    return view.limit(from + length).position(from);
  }

  private int offset(int index) {
    return index & (capacity - 1);
  }
}
