package io.xenshm.soak;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmDatagramChannel;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A peer's event loops, with its servers and its connections. */
final class PeerLoops implements AutoCloseable {
  private static final int THREADS = 2;
  private static final int CONNECT_MILLIS = 10_000;
  private static final String BY_DOMAIN = "xen:";

  private final Consumer<String> complaints;
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(THREADS, XenShmIoHandler.newFactory());

  private PeerLoops(Consumer<String> complaints) {
    this.complaints = complaints;
  }

  /**
   * Serves streams at an address, for all that reach it, and at the next port for those that name
   * the domain; and datagrams at the address.
   */
  static PeerLoops start(String address, int domain, int port, Consumer<String> complaints)
      throws Exception {
    PeerLoops loops = new PeerLoops(complaints);
    InetSocketAddress byAddress = new InetSocketAddress(address, port);
    loops.serve(byAddress);
    loops.serve(new XenShmAddress(domain, port + 1));
    loops
        .bootstrap()
        .channel(XenShmDatagramChannel.class)
        .handler(new DatagramEchoHandler(complaints))
        .bind(byAddress)
        .sync();
    return loops;
  }

  private void serve(InetSocketAddress address) throws InterruptedException {
    new ServerBootstrap()
        .group(group)
        .channel(XenShmServerSocketChannel.class)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .childOption(ChannelOption.ALLOCATOR, allocator)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                connections.add(channel);
                channel.pipeline().addLast(new TransferServerHandler(complaints));
              }
            })
        .bind(address)
        .sync();
  }

  private Bootstrap bootstrap() {
    return new Bootstrap().group(group).option(ChannelOption.ALLOCATOR, allocator);
  }

  /** Does a transfer; completes with how it ended. */
  CompletableFuture<String> transfer(
      String host, int port, int ringSize, Transfer transfer, long abortAfter) {
    CompletableFuture<String> outcome = new CompletableFuture<>();
    ChannelFuture connect =
        bootstrap()
            .channel(XenShmSocketChannel.class)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
            .option(XenShmChannelOption.XENSHM_RING_SIZE, ringSize)
            .handler(new TransferClientHandler(transfer, abortAfter, outcome))
            .connect(address(host, port));
    XenShmSocketChannel channel = (XenShmSocketChannel) connect.channel();
    connections.add(channel);
    connect.addListener(
        connected -> {
          if (!connected.isSuccess()) {
            outcome.completeExceptionally(connected.cause());
          }
        });
    // the outcome counts only once the channel is closed
    CompletableFuture<String> closed = new CompletableFuture<>();
    channel
        .closeFuture()
        .addListener(
            done ->
                outcome.whenComplete(
                    (text, failure) -> {
                      if (failure == null) {
                        closed.complete(text + " " + channel.path());
                      } else {
                        closed.completeExceptionally(failure);
                      }
                    }));
    return closed;
  }

  private static InetSocketAddress address(String host, int port) {
    return host.startsWith(BY_DOMAIN)
        ? new XenShmAddress(Integer.parseInt(host.substring(BY_DOMAIN.length())), port)
        : new InetSocketAddress(host, port);
  }

  /** Sends datagrams to an echo; completes with how many came back. */
  CompletableFuture<String> datagrams(String host, int port, long seed, int count) {
    CompletableFuture<String> outcome = new CompletableFuture<>();
    DatagramClientHandler handler =
        new DatagramClientHandler(new InetSocketAddress(host, port), seed, count, outcome);
    bootstrap()
        .channel(XenShmDatagramChannel.class)
        .handler(handler)
        .bind(0)
        .addListener(
            (ChannelFuture bound) -> {
              connections.add(bound.channel());
              if (!bound.isSuccess()) {
                outcome.completeExceptionally(bound.cause());
              }
            });
    return outcome;
  }

  int openConnections() {
    return connections.size();
  }

  ChannelGroup connections() {
    return connections;
  }

  long usedMemory() {
    return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
