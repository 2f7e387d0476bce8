package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;

/** Answers with the number of bytes, 8 bytes, the most significant first. */
final class CountHandler extends EndOfDataHandler {
  private static final LongAdder ALL = new LongAdder();

  private long bytes;

  /** Returns the bytes that came over all connections. From any thread. */
  static long all() {
    return ALL.sum();
  }

  @Override
  void take(ByteBuf data) {
    int count = data.readableBytes();
    bytes += count;
    ALL.add(count);
  }

  @Override
  byte[] answer() {
    return ByteBuffer.allocate(Long.BYTES).putLong(bytes).array();
  }
}
