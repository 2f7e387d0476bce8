package io.xenshm.examples.http1;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.HttpAnswer;
import io.xenshm.examples.frameworks.RunningServer;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import java.net.InetSocketAddress;

/** An HTTP/1.1 server. */
public final class Http1Server {

  private Http1Server() {}

  /** Serves at {@code HOST:PORT}, with TLS where a directory with its files follows. */
  public static void main(String[] args) {
    ExampleProgram.serve(args, Http1Server::start);
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
                            new HttpServerCodec(),
                            new HttpObjectAggregator(HttpAnswer.MAX_BODY),
                            new HttpAnswer());
                  }
                });
    return RunningServer.of(bootstrap.bind(address).sync().channel(), group);
  }
}
