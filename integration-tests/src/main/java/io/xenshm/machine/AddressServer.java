package io.xenshm.machine;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.netty.XenShm;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * The server's guest for {@link AddressClient}: listens as any program does, at an address of its
 * own and at all, and leaves it to the library who comes through shared memory. Ends when the
 * control connection says {@code end}.
 */
final class AddressServer {
  private AddressServer() {}

  public static void main(String[] args) throws Exception {
    Xen xen = XenBackEnds.open(XenBackEnds.AUTO);
    try (KnownPeers peers = new KnownPeers(xen)) {
      peers.await(Ports.addressOfGuest(Ports.CLIENT_GUEST), Outcome.CO_RESIDENT);
    }
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen));
    bind(group, new InetSocketAddress(Ports.addressOfGuest(Ports.SERVER_GUEST), Ports.ONE_ADDRESS));
    bind(group, new InetSocketAddress(Ports.ALL_ADDRESSES));
    // Last, so that a client that gets through finds everything else too.
    try (ServerSocket control = new ServerSocket(Ports.CONTROL)) {
      System.out.println("serving");
      while (!saysEnd(control)) {
        System.out.println("control connection ended");
      }
    }
    group.shutdownGracefully().sync();
    xen.close();
    System.exit(0);
  }

  private static void bind(EventLoopGroup group, InetSocketAddress address)
      throws InterruptedException {
    XenShm.configure(new ServerBootstrap().group(group))
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new GreetingHandler(), new EchoHandler());
              }
            })
        .bind(address)
        .sync();
  }

  private static boolean saysEnd(ServerSocket control) throws Exception {
    try (Socket socket = control.accept();
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
      return "end".equals(lines.readLine());
    }
  }
}
