package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Servers and clients of each {@link Way}, in two domains of a simulated host. */
final class ThreeWays implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 20;

  final TwoDomains domains = new TwoDomains();
  private final EventLoopGroup epollLoops =
      new MultiThreadIoEventLoopGroup(2, EpollIoHandler.newFactory());

  ThreeWays() throws IOException {}

  /** Adds handlers to a pipeline. */
  static ChannelHandler pipeline(ChannelHandler... handlers) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel.pipeline().addLast(handlers);
      }
    };
  }

  /** Answers whatever comes; for any number of channels. */
  static ChannelHandler echo() {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext ctx, Object message) {
        ctx.writeAndFlush(message, ctx.voidPromise());
      }

      @Override
      public boolean isSharable() {
        return true;
      }
    };
  }

  EventLoopGroup clientLoops(Way way) {
    return way == Way.EPOLL ? epollLoops : domains.clientLoops;
  }

  ServerBootstrap server(Way way, ChannelHandler child) {
    return way == Way.EPOLL
        ? new ServerBootstrap()
            .group(epollLoops)
            .channel(EpollServerSocketChannel.class)
            .childHandler(child)
        : domains.server(child);
  }

  Bootstrap client(Way way, ChannelHandler handler) {
    return way == Way.EPOLL
        ? new Bootstrap().group(epollLoops).channel(EpollSocketChannel.class).handler(handler)
        : domains.client(handler).option(XenShmChannelOption.XENSHM_MODE, way.mode());
  }

  Channel bind(ServerBootstrap server) {
    return done(server.bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
  }

  Channel bind(Way way, ChannelHandler child) {
    return bind(server(way, child));
  }

  SocketChannel connect(Bootstrap client, Channel listener) {
    Channel channel = done(client.connect(listener.localAddress()));
    if (channel instanceof XenShmSocketChannel ours) {
      Way way = ours.config().getMode() == XenShmMode.OFF ? Way.TCP : Way.SHARED_MEMORY;
      assertSame(XenShmPath.valueOf(way.name()), ours.path());
    }
    return (SocketChannel) channel;
  }

  SocketChannel connect(Way way, ChannelHandler handler, Channel listener) {
    return connect(client(way, handler), listener);
  }

  static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  static ByteBuf buffer(byte... bytes) {
    return Unpooled.wrappedBuffer(bytes);
  }

  /** Runs on a channel's event loop. */
  static <T> T onLoop(Channel channel, Callable<T> action) throws Exception {
    return channel.eventLoop().submit(action).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** Waits until a channel's event loop has done what it began. */
  static void settle(Channel channel) throws Exception {
    for (int i = 0; i < 3; i++) {
      onLoop(channel, () -> null);
    }
  }

  @Override
  public void close() {
    epollLoops.shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS);
    domains.close();
    epollLoops.terminationFuture().awaitUninterruptibly(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }
}
