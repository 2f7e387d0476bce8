package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.internal.OutOfDirectMemoryError;
import io.xenshm.sim.ChildJvm;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A JVM with little direct memory, and a reader that keeps what it reads. */
final class DirectMemoryProgram {
  private static final int TIMEOUT_SECONDS = 60;

  /** Sent again and again: whoever writes needs no memory. */
  private static final ByteBuf BLOCK = Unpooled.directBuffer(60_000).writeZero(60_000);

  private DirectMemoryProgram() {}

  /** Keeps what it reads, until there is no memory. */
  private static final class Keeper extends ChannelInboundHandlerAdapter {
    private final List<Object> kept = new ArrayList<>();
    private final CompletableFuture<Throwable> exception = new CompletableFuture<>();
    private final CompletableFuture<Void> readAgain = new CompletableFuture<>();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (exception.isDone()) {
        ReferenceCountUtil.release(message);
        readAgain.complete(null);
      } else {
        kept.add(message);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      kept.forEach(ReferenceCountUtil::release);
      kept.clear();
      exception.complete(cause);
    }
  }

  /** Writes as much as the other end takes. */
  private static final class Source extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      write(ctx);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      write(ctx);
    }

    private static void write(ChannelHandlerContext ctx) {
      while (ctx.channel().isWritable()) {
        ctx.writeAndFlush(BLOCK.retainedDuplicate());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  /** Argument: what is to read, the name of a path, or none for datagrams. */
  public static void main(String[] args) {
    try (TwoDomains domains = new TwoDomains()) {
      EventLoopGroup loop =
          new MultiThreadIoEventLoopGroup(
              1, XenShmIoHandler.newFactory(domains.clientXen, xen -> domains.clientPeers));
      Channel echo = domains.bindAddress(new EchoToAll(new LinkedBlockingQueue<>()));
      Received bystander = new Received();
      Channel bystanding = connect(loop, bystander, echo, XenShmMode.REQUIRED);
      echo(bystanding, bystander, 1);
      if (args.length == 0) {
        keepPackets(domains, loop);
      } else {
        boolean tcp = XenShmPath.valueOf(args[0]) == XenShmPath.TCP;
        keepBytes(domains, loop, tcp ? XenShmMode.OFF : XenShmMode.REQUIRED);
      }
      echo(bystanding, bystander, 2);
      Received next = new Received();
      echo(connect(loop, next, echo, XenShmMode.REQUIRED), next, 1);
      System.out.println(ChildJvm.READY);
      loop.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly();
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
    System.exit(0);
  }

  private static Channel connect(
      EventLoopGroup loop, ChannelHandler handler, Channel listener, XenShmMode mode) {
    return done(
        new Bootstrap()
            .group(loop)
            .channel(XenShmSocketChannel.class)
            .option(XenShmChannelOption.XENSHM_MODE, mode)
            .handler(handler)
            .connect(listener.localAddress()));
  }

  private static void echo(Channel channel, Received received, int count) throws Exception {
    done(channel.writeAndFlush(BLOCK.retainedSlice(0, 1)));
    received.awaitBytes(count);
  }

  private static void keepBytes(TwoDomains domains, EventLoopGroup loop, XenShmMode mode)
      throws Exception {
    Channel source =
        done(
            new ServerBootstrap()
                .group(domains.serverBoss, domains.serverWorkers)
                .channel(XenShmServerSocketChannel.class)
                .childHandler(new Sources())
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    Keeper keeper = new Keeper();
    Channel channel = connect(loop, keeper, source, mode);
    expectOutOfMemory(keeper);
    done(channel.closeFuture());
  }

  private static final class Sources extends io.netty.channel.ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel child) {
      child.pipeline().addLast(new Source());
    }
  }

  private static void keepPackets(TwoDomains domains, EventLoopGroup loop) throws Exception {
    Keeper keeper = new Keeper();
    XenShmDatagramChannel reader = bind(loop, keeper, CLIENT_ADDRESS);
    XenShmDatagramChannel writer =
        bind(domains.serverWorkers, new ChannelInboundHandlerAdapter(), SERVER_ADDRESS);
    send(writer, reader);
    Packets.awaitRing(writer, reader.localAddress());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!keeper.readAgain.isDone()) {
      send(writer, reader);
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("memory does not end, or nothing is read after that");
      }
    }
    expectOutOfMemory(keeper);
    if (!reader.isOpen() || !writer.ringPeers().contains(reader.localAddress())) {
      throw new AssertionError("the channel, or its ring, is closed");
    }
  }

  private static XenShmDatagramChannel bind(
      EventLoopGroup loop, ChannelHandler handler, java.net.InetAddress address) {
    return (XenShmDatagramChannel)
        done(
            new Bootstrap()
                .group(loop)
                .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
                .handler(handler)
                .bind(new InetSocketAddress(address, 0)));
  }

  private static void send(XenShmDatagramChannel from, XenShmDatagramChannel to) {
    done(from.writeAndFlush(new DatagramPacket(BLOCK.retainedDuplicate(), to.localAddress())));
  }

  private static void expectOutOfMemory(Keeper keeper) throws Exception {
    Throwable cause = keeper.exception.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (!(cause instanceof OutOfDirectMemoryError)) {
      throw new AssertionError("told of another failure", cause);
    }
  }
}
