package io.xenshm.integration;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.xenshm.examples.Program;
import io.xenshm.examples.demo.Parent;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmMode;
import io.xenshm.netty.XenShmServerSocketChannel;
import java.net.InetSocketAddress;

/** Echoes. Prints {@code READY} and its port; ends with its parent. */
final class SwitchServer {
  /** A server of ours. */
  static final String ADAPTIVE = "adaptive";

  /** A server of ours that does not announce itself. */
  static final String SILENT = "silent";

  /** A server that knows nothing of us. */
  static final String PLAIN = "plain";

  private SwitchServer() {}

  @Sharable
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message, ctx.voidPromise());
    }
  }

  /** Serves at the address {@code args[1]} and the port {@code args[2]}. */
  public static void main(String[] args) {
    Program.run(
        "server",
        () -> {
          boolean plain = args[0].equals(PLAIN);
          EventLoopGroup group =
              new MultiThreadIoEventLoopGroup(
                  1, plain ? NioIoHandler.newFactory() : XenShmIoHandler.newFactory());
          ServerBootstrap bootstrap = new ServerBootstrap().group(group).childHandler(new Echo());
          if (plain) {
            bootstrap.channel(NioServerSocketChannel.class);
          } else {
            bootstrap
                .channel(XenShmServerSocketChannel.class)
                .option(
                    XenShmChannelOption.XENSHM_MODE,
                    args[0].equals(SILENT) ? XenShmMode.OFF : XenShmMode.PREFERRED);
          }
          Channel channel = bootstrap.bind(args[1], Integer.parseInt(args[2])).sync().channel();
          System.out.println("READY " + ((InetSocketAddress) channel.localAddress()).getPort());
          Parent.awaitEnd();
          group.shutdownGracefully().sync();
        });
  }
}
