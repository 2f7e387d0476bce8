package io.xenshm.examples.echo;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.xenshm.examples.Endpoint;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Sends a numbered message, waits for its echo, sends the next. Stands behind a decoder that makes
 * whole messages of the stream.
 */
final class EchoClientHandler extends SimpleChannelInboundHandler<ByteBuf> {
  /** Where the processors are busy, a round trip may take a hundred times longer than it should. */
  private static final long MAX_PHASE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final CompletableFuture<EchoResult> result;
  private final int messageBytes;
  private final long[] nanos;
  private int sent;
  private long sentAt;
  private boolean warm;
  private int phaseEchoes;
  private long phaseStart;

  /**
   * Creates the handler of one connection.
   *
   * @param messageBytes size of a message, at least 4
   * @param roundTrips round trips that are measured; before them, as many that are not. Fewer where
   *     they take more than 3 seconds
   */
  EchoClientHandler(CompletableFuture<EchoResult> result, int messageBytes, int roundTrips) {
    this.result = result;
    this.messageBytes = messageBytes;
    this.nanos = new long[roundTrips];
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    phaseStart = System.nanoTime();
    sendNext(ctx);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf echo) throws IOException {
    long now = System.nanoTime();
    int number = echo.getInt(0);
    if (number != sent) {
      throw new IOException("message " + sent + " came back as message " + number);
    }
    nanos[phaseEchoes++] = now - sentAt;
    if (phaseEchoes < nanos.length && now - phaseStart < MAX_PHASE_NANOS) {
      sendNext(ctx);
    } else if (!warm) {
      warm = true;
      phaseEchoes = 0;
      phaseStart = now;
      sendNext(ctx);
    } else {
      finish(ctx);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    result.completeExceptionally(
        new IOException("the server closed the connection after " + sent + " messages"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    result.completeExceptionally(cause);
    ctx.close();
  }

  private void sendNext(ChannelHandlerContext ctx) {
    sent++;
    ByteBuf message = ctx.alloc().directBuffer(messageBytes);
    message.writeInt(sent).writeZero(messageBytes - Integer.BYTES);
    sentAt = System.nanoTime();
    ctx.writeAndFlush(message).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
  }

  private void finish(ChannelHandlerContext ctx) {
    Arrays.sort(nanos, 0, phaseEchoes);
    String path = Endpoint.pathOf(ctx.channel());
    result.complete(new EchoResult(path, phaseEchoes, nanos[phaseEchoes / 2]));
    ctx.close();
  }
}
