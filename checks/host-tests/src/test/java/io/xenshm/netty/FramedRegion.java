package io.xenshm.netty;

import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** A program's own region: writes a frame at once, and counts as a file of another size. */
final class FramedRegion extends AbstractReferenceCounted implements FileRegion {
  private final long count;
  private final ByteBuffer frame;
  private long transferred;
  private int calls;

  FramedRegion(long count, byte[] frame) {
    this.count = count;
    this.frame = ByteBuffer.wrap(frame);
  }

  /** Returns how often it was asked to write. */
  int calls() {
    return calls;
  }

  @Override
  public long transferTo(WritableByteChannel target, long position) throws IOException {
    calls++;
    target.write(frame);
    if (frame.hasRemaining()) {
      return 0;
    }
    transferred = count;
    return count;
  }

  @Override
  public long position() {
    return 0;
  }

  @Override
  @Deprecated
  public long transfered() {
    return transferred;
  }

  @Override
  public long transferred() {
    return transferred;
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public FileRegion retain() {
    super.retain();
    return this;
  }

  @Override
  public FileRegion retain(int increment) {
    super.retain(increment);
    return this;
  }

  @Override
  public FileRegion touch() {
    return this;
  }

  @Override
  public FileRegion touch(Object hint) {
    return this;
  }

  @Override
  protected void deallocate() {}
}
