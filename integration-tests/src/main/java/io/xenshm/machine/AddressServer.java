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
import java.net.InetSocketAddress;

/**
 * Listeners as any program has them, at an address of the server's guest and at all: it is left to
 * the library who comes through shared memory. {@link AddressScenarios} connects.
 */
final class AddressServer {
  private AddressServer() {}

  /**
   * Opens them as soon as dom0's agent has told of the client; they stay until the process ends.
   */
  static void start() throws Exception {
    Xen xen = XenBackEnds.open(XenBackEnds.AUTO);
    // Before the event loop: what it reads of the table first has the client.
    try (KnownPeers peers = new KnownPeers(xen)) {
      peers.await(Ports.addressOfGuest(Ports.CLIENT_GUEST), Outcome.CO_RESIDENT);
    }
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen));
    bind(group, new InetSocketAddress(Ports.addressOfGuest(Ports.SERVER_GUEST), Ports.ONE_ADDRESS));
    bind(group, new InetSocketAddress(Ports.ALL_ADDRESSES));
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
}
