package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** Keeps what a channel receives for a thread that waits for it. */
final class Received extends SimpleChannelInboundHandler<ByteBuf> {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(300);

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private boolean ended;
  private Throwable failure;

  @Override
  protected synchronized void channelRead0(ChannelHandlerContext ctx, ByteBuf data)
      throws IOException {
    data.readBytes(bytes, data.readableBytes());
    notifyAll();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      end();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end();
  }

  private synchronized void end() {
    ended = true;
    notifyAll();
  }

  @Override
  public synchronized void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    failure = cause;
    ended = true;
    notifyAll();
    ctx.close();
  }

  /** Waits for a number of bytes and takes them. */
  synchronized byte[] take(int count) throws InterruptedException {
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (bytes.size() < count) {
      pause(deadline, count + " bytes");
    }
    byte[] all = bytes.toByteArray();
    bytes.reset();
    bytes.write(all, count, all.length - count);
    return Arrays.copyOf(all, count);
  }

  /** Waits for the end of the peer's data. */
  synchronized void awaitEnd() throws InterruptedException {
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (!ended) {
      pause(deadline, "the end");
    }
  }

  private void pause(long deadline, String what) throws InterruptedException {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    if (ended || left <= 0) {
      throw new AssertionError(
          "waiting for " + what + ": " + bytes.size() + " bytes came, "
              + (ended ? "then the end" : "then nothing"),
          failure);
    }
    wait(left);
  }
}
