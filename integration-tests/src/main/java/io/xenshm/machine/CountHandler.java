package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** Answers with the number of bytes, 8 bytes, the most significant first. */
final class CountHandler extends EndOfDataHandler {
  private long bytes;

  @Override
  void take(ByteBuf data) {
    bytes += data.readableBytes();
  }

  @Override
  byte[] answer() {
    return ByteBuffer.allocate(Long.BYTES).putLong(bytes).array();
  }
}
