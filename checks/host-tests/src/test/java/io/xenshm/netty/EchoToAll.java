package io.xenshm.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.util.concurrent.BlockingQueue;

/** A listener's children send back what they get, and what happens to them is kept. */
@Sharable
final class EchoToAll extends ChannelInitializer<Channel> {
  private final BlockingQueue<Received> accepted;

  EchoToAll(BlockingQueue<Received> accepted) {
    this.accepted = accepted;
  }

  @Override
  protected void initChannel(Channel child) {
    Received received = new Received();
    accepted.add(received);
    child
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) {
                ctx.writeAndFlush(message).addListener(f -> {});
              }
            },
            received);
  }
}
