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
  /**
   * All memory: buffers are copied from and to their addresses. Netty's way, a {@code ByteBuffer}
   * over each buffer, makes an object for every message.
   */
  private static final MemorySegment MEMORY = allMemory();

  private final MemorySegment data;
  private final ByteBuffer view;
  private final int capacity;

  RingData(MemorySegment data) {
    if (data.byteSize() > RingLayout.MAX_SIZE) {
      throw new IllegalArgumentException(
          "ring data has " + data.byteSize() + " bytes, at most " + RingLayout.MAX_SIZE);
    }
    capacity = (int) data.byteSize();
    RingLayout.checkSize(capacity);
    this.data = data;
    view = data.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @SuppressWarnings("restricted") // no other way to an address that Netty gives
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
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
    int from = src.readerIndex();
    // checks length and life of the buffer, before its address is used
    src.skipBytes(length);
    if (src.hasMemoryAddress()) {
      MemorySegment.copy(MEMORY, src.memoryAddress() + from, data, offset(index), length);
    } else {
      src.getBytes(from, window(index, length));
    }
  }

  /** Moves the next {@code length} remaining bytes of {@code src} into the ring. */
  void copyIn(int index, ByteBuffer src, int length) {
    int from = src.position();
    view.clear().put(offset(index), src, from, length);
    src.position(from + length);
  }

  /** Appends {@code length} bytes of the ring to {@code dst}. */
  void copyOut(int index, ByteBuf dst, int length) {
    int to = dst.writerIndex();
    // checks life and space of the buffer, before its address is used
    dst.ensureWritable(length);
    if (dst.hasMemoryAddress()) {
      MemorySegment.copy(data, offset(index), MEMORY, dst.memoryAddress() + to, length);
      dst.writerIndex(to + length);
    } else {
      dst.writeBytes(window(index, length));
    }
  }

  private ByteBuffer window(int index, int length) {
    int from = offset(index);
    return view.limit(from + length).position(from);
  }

  private int offset(int index) {
    return index & (capacity - 1);
  }
}
