package io.xenshm.machine;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Tells a client first which address it came from, as a line. */
final class GreetingHandler extends ChannelInboundHandlerAdapter {
  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    InetSocketAddress remote = (InetSocketAddress) ctx.channel().remoteAddress();
    System.out.println("accepted " + ctx.channel());
    ctx.fireChannelActive();
    byte[] line = lineFor(remote.getAddress().getHostAddress());
    ctx.writeAndFlush(Unpooled.wrappedBuffer(line), ctx.voidPromise());
  }

  static byte[] lineFor(String address) {
    return (address + "\n").getBytes(StandardCharsets.US_ASCII);
  }
}
