package io.xenshm.bench.worker;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.xenshm.bench.Transport;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmDatagramChannel;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/**
 * All in which Netty's transports differ.
 *
 * @param group one event loop, or as many as a system property says
 * @param serverClass the class of the channel that listens
 * @param clientClass the class of the channel that connects
 * @param datagramClass the class of the channel for datagrams; {@code null} if there is none
 * @param address where to listen; with port 0 for TCP
 */
record NettyTransport(
    MultiThreadIoEventLoopGroup group,
    Class<? extends ServerChannel> serverClass,
    Class<? extends Channel> clientClass,
    Class<? extends Channel> datagramClass,
    SocketAddress address) {

  private static final String LOOPS_PROPERTY = "xenshm.bench.loops";

  /** The domain of the server on the simulated host. */
  private static final int SERVER_DOMAIN = 1;

  private static final int CLIENT_DOMAIN = 2;
  private static final int XENSHM_PORT = 4711;

  static NettyTransport of(Transport transport, Path directory)
      throws InterruptedException, ExecutionException {
    InetSocketAddress tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return switch (transport) {
      case XENSHM ->
          of(
              XenShmIoHandler.newFactory(),
              XenShmServerSocketChannel.class,
              XenShmSocketChannel.class,
              XenShmDatagramChannel.class,
              new XenShmAddress(SERVER_DOMAIN, XENSHM_PORT));
      case XENSHM_TCP ->
          of(
              XenShmIoHandler.newFactory(),
              XenShmServerSocketChannel.class,
              XenShmSocketChannel.class,
              null,
              tcp);
      case EPOLL ->
          of(
              EpollIoHandler.newFactory(),
              EpollServerSocketChannel.class,
              EpollSocketChannel.class,
              EpollDatagramChannel.class,
              tcp);
      case NIO ->
          of(
              NioIoHandler.newFactory(),
              NioServerSocketChannel.class,
              NioSocketChannel.class,
              null,
              tcp);
      case IO_URING ->
          of(
              IoUringIoHandler.newFactory(),
              IoUringServerSocketChannel.class,
              IoUringSocketChannel.class,
              null,
              tcp);
      case UDS ->
          of(
              EpollIoHandler.newFactory(),
              EpollServerDomainSocketChannel.class,
              EpollDomainSocketChannel.class,
              null,
              new DomainSocketAddress(directory.resolve("uds").toString()));
      default -> throw new IllegalArgumentException(transport + " is not one of Netty's");
    };
  }

  private static NettyTransport of(
      IoHandlerFactory factory,
      Class<? extends ServerChannel> serverClass,
      Class<? extends Channel> clientClass,
      Class<? extends Channel> datagramClass,
      SocketAddress address)
      throws InterruptedException, ExecutionException {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(Integer.getInteger(LOOPS_PROPERTY, 1), factory);
    group.submit(ProcessMeter::workOnThisThread).get();
    return new NettyTransport(group, serverClass, clientClass, datagramClass, address);
  }

  /** Returns an address for datagrams: a simulated domain's own one, or the loopback's. */
  InetSocketAddress datagramAddress(boolean server, int port) throws UnknownHostException {
    int domain = server ? SERVER_DOMAIN : CLIENT_DOMAIN;
    return new InetSocketAddress(
        datagramClass == XenShmDatagramChannel.class
            ? InetAddress.getByAddress(new byte[] {127, 0, (byte) domain, 1})
            : InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
        port);
  }

  /** Returns the text from which {@link #addressOf} makes the address of a listening channel. */
  String addressText(Channel listening) {
    return address instanceof XenShmAddress || address instanceof DomainSocketAddress
        ? "-"
        : Integer.toString(((InetSocketAddress) listening.localAddress()).getPort());
  }

  /** Returns the address that {@link #addressText} said. */
  SocketAddress addressOf(String text) {
    return text.equals("-")
        ? address
        : new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(text));
  }
}
