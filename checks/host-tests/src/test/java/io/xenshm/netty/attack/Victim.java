package io.xenshm.netty.attack;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.xen.contract.Side;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The honest role: one event loop with a listener that is attacked and one that echoes, which must
 * go on doing so.
 */
final class Victim implements AutoCloseable {
  private static final int CONNECT_MILLIS = 60_000;

  private final Side side;
  private final EventLoopGroup loop;
  private final BlockingQueue<Attacked> children = new LinkedBlockingQueue<>();

  /** Tells the other role the ports of both listeners. */
  Victim(Side side) throws Exception {
    this.side = side;
    loop = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(side.xen()));
    int attacked =
        listen(
            () -> {
              Attacked child = new Attacked();
              children.add(child);
              return child;
            });
    side.send("ports", attacked, listen(Echo::new));
  }

  private int listen(Supplier<ChannelHandler> handler) throws InterruptedException {
    Channel listener =
        new ServerBootstrap()
            .group(loop)
            .channel(XenShmServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel child) {
                    child.pipeline().addLast(handler.get());
                  }
                })
            .bind(new XenShmAddress(side.ownDomain(), 0))
            .sync()
            .channel();
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  Side side() {
    return side;
  }

  /** Waits for the attacker's connection. */
  Attacked accepted() throws Exception {
    side.await("a connection of the attacker", () -> !children.isEmpty());
    Attacked child = children.remove();
    await("the connection is active", child.active);
    return child;
  }

  /** Waits for what is told of a channel. */
  <T> T await(String what, CompletableFuture<T> future) throws Exception {
    side.await(what, future::isDone);
    return future.get();
  }

  /** Waits until so many bytes came. */
  void awaitBytes(Attacked child, long count) throws Exception {
    side.await(count + " bytes", () -> child.received.get() >= count);
  }

  /** Connects to a listener of a domain. */
  ChannelFuture connect(int domain, int port, ChannelHandler handler) {
    return new Bootstrap()
        .group(loop)
        .channel(XenShmSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
        .handler(handler)
        .connect(new XenShmAddress(domain, port));
  }

  /** Waits until a connect ended. */
  ChannelFuture ended(ChannelFuture connect) throws Exception {
    side.await("the end of a connect", connect::isDone);
    return connect;
  }

  @Override
  public void close() {
    loop.shutdownGracefully(0, CONNECT_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }

  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message);
    }
  }
}
