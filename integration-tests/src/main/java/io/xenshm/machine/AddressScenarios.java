package io.xenshm.machine;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.xenshm.directory.PeerDirectories;
import io.xenshm.directory.PeerLookup;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.netty.XenShm;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmMetrics;
import io.xenshm.netty.XenShmPathReason;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Connects to addresses as any program does, and checks which path the library took: the client's
 * side of {@link AddressServer}, with dom0's agent. Has access to Xen and an event loop of its own.
 */
final class AddressScenarios implements AutoCloseable {
  private static final String SERVER = Ports.addressOfGuest(Ports.SERVER_GUEST);
  private static final String OWN = Ports.addressOfGuest(Ports.CLIENT_GUEST);

  /** Addresses that nobody has: one that is claimed, and one that dom0 adds as a sign. */
  private static final String CLAIMED = "10.77.0.201";

  private static final String SIGN = "10.77.0.202";

  private static final int CONNECT_MILLIS = 60_000;
  private static final int WRITE_SECONDS = 60;
  private static final int MESSAGE = 1000;

  private final Report report;
  private final Xen xen;
  private final KnownPeers peers;
  private final EventLoopGroup group;

  /**
   * Waits for the table.
   *
   * @param byMac whether addresses that are not in the table are looked up by their MAC address
   */
  AddressScenarios(Report report, boolean byMac) throws Exception {
    this.report = report;
    System.setProperty(PeerDirectories.MAC_PROPERTY, String.valueOf(byMac));
    xen = XenBackEnds.open(XenBackEnds.AUTO);
    peers = new KnownPeers(xen);
    // Before the event loop: what it reads of the table first has the server.
    peers.await(SERVER, Outcome.CO_RESIDENT);
    group = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory(xen));
  }

  @Override
  public void close() {
    group.shutdownGracefully().awaitUninterruptibly();
    peers.close();
    xen.close();
  }

  void play(String scenario) throws Exception {
    switch (scenario) {
      case "by-address" -> byAddress();
      case "not-found" -> notFound();
      case "by-mac" -> byMac();
      case "claims" -> claims();
      case "gone" -> peers.await(SERVER, Outcome.NOT_CO_RESIDENT);
      default -> throw new IllegalArgumentException("no scenario '" + scenario + "'");
    }
  }

  private void byAddress() throws Exception {
    connect(SERVER, Ports.ONE_ADDRESS, XenShmPathReason.CO_RESIDENT);
    connect(SERVER, Ports.ALL_ADDRESSES, XenShmPathReason.CO_RESIDENT);
  }

  /** dom0 is in nobody's table; nor is an address of the server that dom0 was not told. */
  private void notFound() throws Exception {
    connect(Ports.DOM0, Ports.ONE_ADDRESS, XenShmPathReason.NOT_CO_RESIDENT);
    String untold = Ports.untoldAddressOfGuest(Ports.SERVER_GUEST);
    connect(untold, Ports.ALL_ADDRESSES, XenShmPathReason.NOT_CO_RESIDENT);
    // Nor when the neighbour table has it, which nobody asked for here.
    connect(untold, Ports.ALL_ADDRESSES, XenShmPathReason.NOT_CO_RESIDENT);
  }

  /** Finds the address that dom0 was not told, with {@code xenshm.peers.mac}. */
  private void byMac() throws Exception {
    String untold = Ports.untoldAddressOfGuest(Ports.SERVER_GUEST);
    // So that the kernel has its MAC address.
    Control.connectTo(untold, Ports.ALL_ADDRESSES).close();
    connect(untold, Ports.ALL_ADDRESSES, XenShmPathReason.CO_RESIDENT);
    connect(Ports.DOM0, Ports.ONE_ADDRESS, XenShmPathReason.NOT_CO_RESIDENT);
  }

  /** This guest claims the server's address, and one that nobody has. */
  private void claims() throws Exception {
    write("attr/vif/0/ipv4/0", SERVER);
    write("attr/vif/0/ipv4/1", CLAIMED);
    write("attr/eth0/ip", SERVER);
    write("data/xenshm/vif/0/ip", SERVER + ' ' + CLAIMED);
    // When the table has what dom0 adds now, the agent read it after the claims.
    report.note(
        "@dom0 run xenstore-write /local/domain/0/backend/vif/%d/0/ip '%s %s'"
            .formatted(Ports.CLIENT_GUEST, OWN, SIGN));
    peers.await(SIGN, Outcome.OWN_DOMAIN);
    PeerLookup server = peers.lookup(SERVER);
    Report.require(
        server.outcome() == Outcome.CO_RESIDENT && server.peer().domainId() == Ports.SERVER_GUEST,
        SERVER + " is " + server);
    PeerLookup claimed = peers.lookup(CLAIMED);
    Report.require(claimed.outcome() == Outcome.NOT_CO_RESIDENT, CLAIMED + " is " + claimed);
    connect(SERVER, Ports.ONE_ADDRESS, XenShmPathReason.CO_RESIDENT);
  }

  private void write(String node, String value) throws Exception {
    xen.xenStore().write(node, value).get(WRITE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Connects, and requires the path's reason, the own address as the server sees it, and echoes.
   */
  private void connect(String address, int port, XenShmPathReason expected) throws Exception {
    InetSocketAddress server = new InetSocketAddress(address, port);
    long before = XenShmMetrics.connections(expected);
    Received received = new Received();
    XenShmSocketChannel channel = open(server, received);
    report.note(server + ": " + channel.path() + ", " + channel.pathReason());
    Report.require(
        channel.pathReason() == expected, server + " is reached by " + channel.pathReason());
    Report.require(channel.path() == expected.path(), server + ": " + channel.path());
    Report.require(
        XenShmMetrics.connections(expected) == before + 1, "the connection is not counted");
    Report.require(server.equals(channel.remoteAddress()), "remote: " + channel.remoteAddress());
    byte[] greeting = GreetingHandler.lineFor(OWN);
    byte[] seen = received.take(greeting.length);
    Report.require(Arrays.equals(greeting, seen), "the server sees " + Arrays.toString(seen));
    Random random = new Random(port);
    byte[] message = new byte[MESSAGE];
    for (int i = 0; i < 10; i++) {
      random.nextBytes(message);
      channel.writeAndFlush(Unpooled.copiedBuffer(message)).sync();
      Report.require(Arrays.equals(message, received.take(MESSAGE)), "message " + i + " differs");
    }
    channel.close().sync();
  }

  private XenShmSocketChannel open(InetSocketAddress server, Received received) throws Exception {
    return (XenShmSocketChannel)
        XenShm.configure(new Bootstrap().group(group))
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
            // The emulation is slow.
            .option(XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel created) {
                    created.pipeline().addLast(received);
                  }
                })
            .connect(server)
            .sync()
            .channel();
  }
}
