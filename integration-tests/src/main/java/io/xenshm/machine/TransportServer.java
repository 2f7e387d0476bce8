package io.xenshm.machine;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The server's guest: all services of {@link Ports} over shared memory and over TCP. Ends when the
 * control connection says {@code end}, and is killed by the system when it says {@code kill}.
 */
final class TransportServer {
  private TransportServer() {}

  public static void main(String[] args) throws Exception {
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory());
    serve(
        group,
        XenShmServerSocketChannel.class,
        port -> new XenShmAddress(Ports.SERVER_GUEST, port));
    serve(group, EpollServerSocketChannel.class, InetSocketAddress::new);
    Datagrams.bind(group, Ports.DATAGRAM, new DatagramCounter());
    // Last, so that a client that gets through finds everything else too.
    try (ServerSocket control = new ServerSocket(Ports.CONTROL)) {
      System.out.println("serving");
      while (obey(control)) {
        System.out.println("control connection ended");
      }
    }
    group.shutdownGracefully().sync();
    System.exit(0);
  }

  private static void serve(
      EventLoopGroup group, Class<? extends ServerChannel> type, IntFunction<SocketAddress> address)
      throws InterruptedException {
    bind(group, type, address.apply(Ports.ECHO), EchoHandler::new);
    bind(group, type, address.apply(Ports.DIGEST), DigestHandler::new);
    bind(group, type, address.apply(Ports.SINK), CountHandler::new);
    bind(group, type, address.apply(Ports.COUNT), CountHandler::new);
  }

  private static void bind(
      EventLoopGroup group,
      Class<? extends ServerChannel> type,
      SocketAddress address,
      Supplier<ChannelHandler> handler)
      throws InterruptedException {
    new ServerBootstrap()
        .group(group)
        .channel(type)
        .option(ChannelOption.SO_BACKLOG, 128)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                Ports.configure(channel);
                channel.pipeline().addLast(handler.get());
              }
            })
        .bind(address)
        .sync();
  }

  private static void answer(Socket control, String line) throws IOException {
    control.getOutputStream().write((line + '\n').getBytes(StandardCharsets.US_ASCII));
  }

  /** Serves one control connection; returns whether to go on. */
  private static boolean obey(ServerSocket control) throws Exception {
    try (Socket socket = control.accept();
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals("end")) {
          return false;
        }
        if (line.equals("addresses")) {
          AddressServer.start();
          answer(socket, "listening");
        }
        if (line.equals("count")) {
          answer(socket, CountHandler.all() + " " + System.nanoTime());
        }
        if (line.equals("kill")) {
          System.out.println("killing this process");
          long own = ProcessHandle.current().pid();
          new ProcessBuilder("/bin/sh", "-c", "kill -9 " + own).start().waitFor();
        }
      }
      return true;
    }
  }
}
