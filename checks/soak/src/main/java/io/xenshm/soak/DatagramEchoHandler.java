package io.xenshm.soak;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.util.function.Consumer;

/** Sends packets back. */
final class DatagramEchoHandler extends SimpleChannelInboundHandler<DatagramPacket> {
  private final Consumer<String> complaints;

  /**
   * Creates it.
   *
   * @param complaints is told what must not be
   */
  DatagramEchoHandler(Consumer<String> complaints) {
    this.complaints = complaints;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
    // a packet that cannot be sent back is one that is lost
    ctx.writeAndFlush(new DatagramPacket(packet.content().retain(), packet.sender()));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Outcome.complainUnlessExpected(cause, complaints);
  }
}
