package io.xenshm.examples.echo;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.xenshm.examples.Endpoint;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Sends a numbered message, waits for its echo, sends the next. Stands behind a decoder that makes
 * whole messages of the stream.
 */
final class EchoClientHandler extends SimpleChannelInboundHandler<ByteBuf> {
  private final CompletableFuture<EchoResult> result;
  private final int messageBytes;
  private final int warmUp;
  private final long[] nanos;
  private int sent;
  private long sentAt;

  /**
   * Creates the handler of one connection.
   *
   * @param messageBytes size of a message, at least 4
   * @param warmUp round trips that are not measured
   * @param roundTrips round trips that are
   */
  EchoClientHandler(
      CompletableFuture<EchoResult> result, int messageBytes, int warmUp, int roundTrips) {
    this.result = result;
    this.messageBytes = messageBytes;
    this.warmUp = warmUp;
    this.nanos = new long[roundTrips];
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    sendNext(ctx);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf echo) throws IOException {
    long now = System.nanoTime();
    int number = echo.getInt(0);
    if (number != sent) {
      throw new IOException("message " + sent + " came back as message " + number);
    }
    if (sent > warmUp) {
      nanos[sent - warmUp - 1] = now - sentAt;
    }
    if (sent < warmUp + nanos.length) {
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
    Arrays.sort(nanos);
    result.complete(
        new EchoResult(Endpoint.pathOf(ctx.channel()), nanos.length, nanos[nanos.length / 2]));
    ctx.close();
  }
}
