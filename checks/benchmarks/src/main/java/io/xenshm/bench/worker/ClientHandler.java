package io.xenshm.bench.worker;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.xenshm.bench.Answer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** The client's end of one connection: sends the request, then does what it is for. */
class ClientHandler extends ChannelInboundHandlerAdapter {
  private final CompletableFuture<Answer> result = new CompletableFuture<>();
  private final Request request;
  private boolean begun;
  private long allocatedBefore;

  ClientHandler(Request request) {
    this.request = request;
  }

  /** Returns what completes with the measurement's numbers. */
  final CompletableFuture<Answer> result() {
    return result;
  }

  /** The server has answered. */
  void begin(ChannelHandlerContext ctx) {
    result.complete(new Answer());
  }

  /** Ends the measurement, with the bytes allocated since its beginning. */
  final void complete(Answer answer) {
    long allocated = ProcessMeter.allocatedByThisThread() - allocatedBefore;
    result.complete(answer.with("allocated", allocated));
  }

  /** Some bytes came. */
  void received(ChannelHandlerContext ctx, ByteBuf bytes) {}

  @Override
  public final void channelActive(ChannelHandlerContext ctx) {
    ByteBuf bytes = ctx.alloc().buffer(Request.BYTES);
    request.write(bytes);
    ctx.writeAndFlush(bytes, ctx.voidPromise());
  }

  @Override
  public final void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      if (begun) {
        received(ctx, bytes);
      } else {
        bytes.skipBytes(1);
        begun = true;
        allocatedBefore = ProcessMeter.allocatedByThisThread();
        begin(ctx);
      }
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    result.completeExceptionally(new IOException("connection lost"));
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    result.completeExceptionally(cause);
    ctx.close();
  }
}
