package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Collects what a channel is told, for a test to wait for. */
final class Received extends SimpleChannelInboundHandler<ByteBuf> {
  private static final int TIMEOUT_SECONDS = 20;

  final CompletableFuture<ChannelHandlerContext> active = new CompletableFuture<>();
  final CompletableFuture<XenShmPathEvent> path = new CompletableFuture<>();
  final CompletableFuture<Void> inactive = new CompletableFuture<>();
  final CompletableFuture<Throwable> exception = new CompletableFuture<>();
  final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    active.complete(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    inactive.complete(null);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) throws IOException {
    synchronized (bytes) {
      message.readBytes(bytes, message.readableBytes());
      bytes.notifyAll();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof XenShmPathEvent chosen) {
      assertFalse(active.isDone(), "the path is told before the channel is active");
      path.complete(chosen);
    } else {
      events.add(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    exception.complete(cause);
  }

  byte[] awaitBytes(int count) throws InterruptedException {
    await(() -> bytes.size() >= count, count + " bytes");
    return bytes.toByteArray();
  }

  private void await(BooleanSupplier condition, String what) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    synchronized (bytes) {
      while (!condition.getAsBoolean()) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          throw new AssertionError("waited in vain for " + what + "; there were " + bytes.size());
        }
        bytes.wait(left);
      }
    }
  }

  int count() {
    synchronized (bytes) {
      return bytes.size();
    }
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  Object nextEvent() throws InterruptedException {
    return events.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }
}
