package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;

/** Takes data to their end, answers then, and closes. */
abstract class EndOfDataHandler extends SimpleChannelInboundHandler<ByteBuf> {
  abstract void take(ByteBuf data);

  abstract byte[] answer();

  @Override
  protected final void channelRead0(ChannelHandlerContext ctx, ByteBuf data) {
    take(data);
  }

  @Override
  public final void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      ctx.writeAndFlush(ctx.alloc().buffer().writeBytes(answer()))
          .addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    System.out.println(getClass().getSimpleName() + ": " + ctx.channel() + ": " + cause);
    ctx.close();
  }
}
