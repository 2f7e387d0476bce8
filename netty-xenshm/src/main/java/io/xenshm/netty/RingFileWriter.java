package io.xenshm.netty;

import io.netty.channel.FileRegion;
import io.xenshm.ring.ByteRingProducer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Lets a {@link FileRegion} write into a ring. */
final class RingFileWriter implements WritableByteChannel {
  private final ByteRingProducer producer;

  RingFileWriter(ByteRingProducer producer) {
    this.producer = producer;
  }

  /** Returns the bytes written; 0 where the ring is full or the file has ended early. */
  long write(FileRegion region) throws IOException {
    return producer.free() == 0 ? 0 : region.transferTo(this, region.transferred());
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    return producer.write(source);
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
