package io.xenshm.netty;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Stands first in an accepted connection's pipeline until it is active, and tells the handlers of
 * the path before that.
 */
@Sharable
final class PathAnnouncer extends ChannelInboundHandlerAdapter {
  static final PathAnnouncer INSTANCE = new PathAnnouncer();

  private PathAnnouncer() {}

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    XenShmSocketChannel channel = (XenShmSocketChannel) ctx.channel();
    ctx.fireUserEventTriggered(channel.pathEvent());
    ctx.fireChannelActive();
    ctx.pipeline().remove(this);
  }
}
