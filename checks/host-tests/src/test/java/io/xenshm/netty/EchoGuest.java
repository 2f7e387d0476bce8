package io.xenshm.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.sim.ChildJvm;
import io.xenshm.sim.SimulatedXen;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A process of a guest that sends back what it gets, by streams and by datagrams. */
final class EchoGuest {
  private EchoGuest() {}

  /** Arguments: the host's directory, the domain. Is ready with the ports of both. */
  public static void main(String[] args) throws Exception {
    int domain = Integer.parseInt(args[1]);
    try (SimulatedXen xen = SimulatedXen.open(Path.of(args[0]), domain)) {
      EventLoopGroup loop =
          new MultiThreadIoEventLoopGroup(
              1,
              XenShmIoHandler.newFactory(xen, any -> new FakeDirectory(domain, TwoDomains.CLIENT)));
      Channel streams =
          new ServerBootstrap()
              .group(loop)
              .channel(XenShmServerSocketChannel.class)
              .childHandler(new Echo())
              .bind(new XenShmAddress(domain, 0))
              .sync()
              .channel();
      Channel datagrams =
          new Bootstrap()
              .group(loop)
              .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
              .handler(new Echo())
              .bind(new InetSocketAddress(FakeDirectory.addressOfDomain(domain), 0))
              .sync()
              .channel();
      System.out.println(ChildJvm.READY + " " + port(streams) + " " + port(datagrams));
      new CountDownLatch(1).await();
    }
  }

  private static int port(Channel channel) {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  @Sharable
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(
          message instanceof DatagramPacket packet
              ? new DatagramPacket(packet.content(), packet.sender())
              : message);
    }
  }
}
