package io.xenshm.soak;

import io.netty.buffer.ByteBuf;

/**
 * The bytes of one direction of a transfer: both ends know them from the seed.
 *
 * @param seed chooses the bytes
 */
record Pattern(long seed) {
  byte at(long index) {
    long word = (seed + (index >>> 3)) * 0x9E3779B97F4A7C15L;
    word = (word ^ (word >>> 29)) * 0xBF58476D1CE4E5B9L;
    return (byte) (word >>> (8 * (index & 7)));
  }

  void write(ByteBuf buffer, long index, int count) {
    for (int i = 0; i < count; i++) {
      buffer.writeByte(at(index + i));
    }
  }

  /** Returns the index of the first readable byte that is another one; -1 if there is none. */
  long firstDifference(ByteBuf buffer, long index, int count) {
    int start = buffer.readerIndex();
    for (int i = 0; i < count; i++) {
      if (buffer.getByte(start + i) != at(index + i)) {
        return index + i;
      }
    }
    return -1;
  }
}
