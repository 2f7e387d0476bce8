package io.xenshm.examples.plain;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslContext;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import java.net.InetSocketAddress;
import java.util.Locale;

/** Answers each line in upper case. */
public final class PlainServer {
  private static final int MAX_LINE = 1000;

  private PlainServer() {}

  /** Serves at {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, PlainServer::start);
  }

  /** Starts it. */
  public static RunningServer start(InetSocketAddress address, Tls tls) throws Exception {
    SslContext ssl = tls.serverContext();
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(XenShmServerSocketChannel.class) // <- was NioServerSocketChannel.class
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (ssl != null) {
                      channel.pipeline().addLast(ssl.newHandler(channel.alloc()));
                    }
                    channel
                        .pipeline()
                        .addLast(
                            new LineBasedFrameDecoder(MAX_LINE),
                            new StringDecoder(),
                            new StringEncoder(),
                            new UpperCase());
                  }
                });
    return RunningServer.of(bootstrap.bind(address).sync().channel(), group);
  }

  private static final class UpperCase extends SimpleChannelInboundHandler<String> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, String line) {
      ctx.writeAndFlush(line.toUpperCase(Locale.ROOT) + "\n");
    }
  }
}
