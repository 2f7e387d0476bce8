package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;

/**
 * Writes buffers of one size as fast as the channel takes them, until it is stopped or the channel
 * ends. One write is one flush. It does little for a write itself: what is measured is the way.
 */
final class Flood extends ChannelInboundHandlerAdapter {
  private static final int WRITES_IN_A_ROW = 64;
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(300);

  private final Channel channel;
  private final ByteBuf buffer;
  private long writtenBytes;
  private volatile boolean stopped;

  /** Whether {@link #write} will be called. Of the event loop. */
  private boolean scheduled;

  Flood(Channel channel, int size) {
    this.channel = channel;
    this.buffer = Unpooled.unreleasableBuffer(Unpooled.directBuffer(size).writeZero(size));
  }

  void start() {
    channel.pipeline().addLast(this);
    channel.eventLoop().execute(this::schedule);
  }

  void stop() {
    stopped = true;
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    schedule();
    ctx.fireChannelWritabilityChanged();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      channel.eventLoop().execute(this::write);
    }
  }

  private void write() {
    scheduled = false;
    int count = 0;
    while (!stopped && channel.isWritable() && count < WRITES_IN_A_ROW) {
      // of the kind that tells nobody: what does not get away when the channel ends is no surprise
      channel.writeAndFlush(buffer.duplicate(), channel.unsafe().voidPromise());
      count++;
    }
    written(count);
    if (!stopped && channel.isWritable()) {
      schedule();
    }
  }

  private synchronized void written(int count) {
    writtenBytes += (long) count * buffer.readableBytes();
    notifyAll();
  }

  /** Waits until the channel took so many bytes, of which it may have some still. */
  synchronized void awaitBytes(long bytes) throws InterruptedException {
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (writtenBytes < bytes) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      Report.require(left > 0, "only " + writtenBytes + " bytes were written");
      wait(left);
    }
  }
}
