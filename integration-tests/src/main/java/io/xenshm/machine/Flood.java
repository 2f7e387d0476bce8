package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Writes buffers of one size as fast as the channel takes them, until it is stopped or the channel
 * ends. One write is one flush.
 */
final class Flood implements Runnable {
  private static final int WRITES_IN_A_ROW = 64;
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(300);

  private final Channel channel;
  private final ByteBuf buffer;
  private long writtenBytes;
  private volatile boolean stopped;

  /** Whether {@link #run} is under way or will be called again. Of the event loop. */
  private boolean scheduled;

  Flood(Channel channel, int size) {
    this.channel = channel;
    this.buffer = Unpooled.unreleasableBuffer(Unpooled.directBuffer(size).writeZero(size));
  }

  void start() {
    channel.eventLoop().execute(this);
  }

  void stop() {
    stopped = true;
  }

  @Override
  public void run() {
    scheduled = true;
    int written = 0;
    while (!stopped && channel.isWritable() && written++ < WRITES_IN_A_ROW) {
      channel.writeAndFlush(buffer.duplicate()).addListener(this::onWritten);
    }
    scheduled = false;
    if (channel.isWritable()) {
      schedule();
    }
  }

  private void schedule() {
    if (!scheduled && !stopped) {
      scheduled = true;
      channel.eventLoop().execute(this);
    }
  }

  private void onWritten(Future<?> write) {
    if (!write.isSuccess()) {
      stopped = true;
      return;
    }
    synchronized (this) {
      writtenBytes += buffer.readableBytes();
      notifyAll();
    }
    // Netty tells of a write before it counts it: the channel gets writable just after this.
    schedule();
  }

  /** Waits until so many bytes are written. */
  synchronized void awaitBytes(long bytes) throws InterruptedException {
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (writtenBytes < bytes) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      Report.require(left > 0, "only " + writtenBytes + " bytes were written");
      wait(left);
    }
  }
}
