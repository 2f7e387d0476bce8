package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.link.HostileClient;
import io.xenshm.sim.SimulatedXen;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who may share memory, at both ends; the table is the one of each domain itself. */
class PeerAdmissionTest {
  private static final int NOT_ALLOWED = 2;

  /** Ways to name a guest. */
  enum By {
    UUID,
    NAME,
    DOMAIN;

    String guest(int domain) {
      return switch (this) {
        case UUID -> "uuid:" + FakeDirectory.uuid(domain);
        case NAME -> "name:" + FakeDirectory.name(domain);
        case DOMAIN -> "domain:" + domain;
      };
    }
  }

  private TwoDomains domains;

  private TwoDomains start() throws Exception {
    domains = new TwoDomains();
    return domains;
  }

  @AfterEach
  void stop() {
    System.clearProperty(XenShmPeers.ALLOW_PROPERTY);
    System.clearProperty(XenShmPeers.DENY_PROPERTY);
    if (domains != null) {
      domains.close();
    }
  }

  private ServerBootstrap server(XenShmPeers peers) {
    return domains
        .server(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel child) {
                child.pipeline().addLast(new Received());
              }
            })
        .option(XenShmChannelOption.XENSHM_PEERS, peers);
  }

  private Channel bindAddress(XenShmPeers peers) {
    return done(server(peers).bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
  }

  private XenShmPathReason connect(Channel listener, XenShmPeers peers) {
    return ((XenShmSocketChannel)
            done(
                domains
                    .client(new Received())
                    .option(XenShmChannelOption.XENSHM_PEERS, peers)
                    .connect(listener.localAddress())))
        .pathReason();
  }

  @ParameterizedTest
  @EnumSource
  void aListenerRefusesADeniedGuestWhichComesByTcp(By by) throws Exception {
    start();
    Channel listener = bindAddress(XenShmPeers.ALL.deny(by.guest(CLIENT)));
    long before = XenShmMetrics.deniedOffers();
    assertEquals(XenShmPathReason.REFUSED, connect(listener, XenShmPeers.ALL));
    assertEquals(before + 1, XenShmMetrics.deniedOffers());
  }

  @ParameterizedTest
  @EnumSource
  void aListenerTakesAllowedGuestsOnly(By by) throws Exception {
    start();
    Channel forClient = bindAddress(XenShmPeers.ALL.allow(by.guest(CLIENT)));
    assertEquals(XenShmPathReason.CO_RESIDENT, connect(forClient, XenShmPeers.ALL));
    Channel forOther = bindAddress(XenShmPeers.ALL.allow(by.guest(9)));
    assertEquals(XenShmPathReason.REFUSED, connect(forOther, XenShmPeers.ALL));
  }

  @ParameterizedTest
  @EnumSource
  void aClientReachesADeniedGuestByTcpWithAReasonOfItsOwn(By by) throws Exception {
    start();
    Channel listener = bindAddress(XenShmPeers.ALL);
    long before = XenShmMetrics.connections(XenShmPathReason.PEER_DENIED);
    assertEquals(
        XenShmPathReason.PEER_DENIED, connect(listener, XenShmPeers.ALL.deny(by.guest(SERVER))));
    assertEquals(before + 1, XenShmMetrics.connections(XenShmPathReason.PEER_DENIED));
    assertEquals(
        XenShmPathReason.CO_RESIDENT, connect(listener, XenShmPeers.ALL.allow(by.guest(SERVER))));
    assertEquals(0, domains.host.accounting(SERVER).grantedPages());
  }

  @Test
  void aClientThatRequiresSharedMemoryFailsAndSaysWhy() throws Exception {
    start();
    Channel listener = bindAddress(XenShmPeers.ALL);
    ChannelFuture connect =
        domains
            .client(new Received())
            .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
            .option(XenShmChannelOption.XENSHM_PEERS, XenShmPeers.ALL.deny("domain:" + SERVER))
            .connect(listener.localAddress())
            .awaitUninterruptibly();
    assertTrue(connect.cause().getMessage().contains("XENSHM_PEERS"), connect.cause().getMessage());
  }

  @Test
  void aDeniedDomainThatAProgramNamesIsNotConnectedTo() throws Exception {
    start();
    Channel listener = domains.bind(new Received());
    ChannelFuture connect =
        domains
            .client(new Received())
            .option(XenShmChannelOption.XENSHM_PEERS, XenShmPeers.ALL.deny("domain:" + SERVER))
            .connect(listener.localAddress())
            .awaitUninterruptibly();
    ConnectException denial = assertInstanceOf(ConnectException.class, connect.cause());
    assertTrue(
        denial.getMessage().contains("domain " + SERVER)
            && denial.getMessage().contains(XenShmPeers.DENY_PROPERTY),
        denial.getMessage());
  }

  @Test
  void aDomainThatTheTableDoesNotHaveMayBeADeniedGuest() throws Exception {
    start();
    domains.serverPeers.forgetDomain(CLIENT);
    XenShmPeers notThatGuest = XenShmPeers.ALL.deny("uuid:" + FakeDirectory.uuid(9));
    Channel listener = done(server(notThatGuest).bind(new XenShmAddress(SERVER, 0)));
    ChannelFuture connect =
        domains.client(new Received()).connect(listener.localAddress()).awaitUninterruptibly();
    assertInstanceOf(ConnectException.class, connect.cause());

    domains.serverPeers.put(CLIENT_ADDRESS, CLIENT);
    done(domains.client(new Received()).connect(listener.localAddress()));
  }

  @Test
  void theConfigurationHoldsForAllChannelsWhateverTheirOptionSays() throws Exception {
    System.setProperty(XenShmPeers.DENY_PROPERTY, "name:" + FakeDirectory.name(CLIENT));
    start();
    Channel listener = bindAddress(XenShmPeers.ALL.allow("domain:" + CLIENT));
    assertEquals(XenShmPathReason.REFUSED, connect(listener, XenShmPeers.ALL));
  }

  @Test
  void aMalformedConfigurationFailsTheFirstEventLoop() throws Exception {
    start();
    System.setProperty(XenShmPeers.ALLOW_PROPERTY, "web1");
    try (SimulatedXen xen = SimulatedXen.open(domains.host.directory(), CLIENT)) {
      IoHandlerFactory factory = XenShmIoHandler.newFactory(xen);
      Throwable failure =
          assertThrows(RuntimeException.class, () -> new MultiThreadIoEventLoopGroup(1, factory));
      while (failure.getCause() != null) {
        failure = failure.getCause();
      }
      assertTrue(failure.getMessage().contains(XenShmPeers.ALLOW_PROPERTY), failure.getMessage());
    }
  }

  @Test
  void theOptionIsWhatWasSet() throws Exception {
    start();
    XenShmPeers peers = XenShmPeers.ALL.deny("domain:9");
    Channel listener = bindAddress(peers);
    assertEquals(peers, listener.config().getOption(XenShmChannelOption.XENSHM_PEERS));
    assertTrue(listener.config().getOptions().containsKey(XenShmChannelOption.XENSHM_PEERS));
    assertEquals(
        XenShmPeers.ALL,
        new XenShmSocketChannel().config().getOption(XenShmChannelOption.XENSHM_PEERS));
  }

  @Test
  void aDeniedGuestIsToldReasonTwoBeforeItsRingsAreLookedAt() throws Exception {
    start();
    Channel listener =
        done(server(XenShmPeers.ALL.deny("domain:" + CLIENT)).bind(new XenShmAddress(SERVER, 0)));
    try (HostileClient denied = new HostileClient(domains.clientXen, SERVER)) {
      denied.set(HostileClient.MAGIC, 0);
      denied.set(HostileClient.REFERENCES, 60_000);
      denied.offer(((InetSocketAddress) listener.localAddress()).getPort());
      assertEquals(HostileClient.REFUSED, denied.awaitAnswer());
      assertEquals(NOT_ALLOWED, denied.get(HostileClient.REASON));
    }
  }

  private static XenShmDatagramChannel datagrams(
      EventLoopGroup loops, InetAddress address, Packets packets, XenShmPeers peers) {
    return (XenShmDatagramChannel)
        done(
            new Bootstrap()
                .group(loops)
                .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
                .option(XenShmChannelOption.XENSHM_PEERS, peers)
                .handler(packets)
                .bind(new InetSocketAddress(address, 0)));
  }

  /** Sends one packet, and waits until it is known why there is no ring. */
  private void sendByUdp(XenShmPeers ofSender, XenShmPeers ofReceiver, XenShmPathReason reason)
      throws Exception {
    Packets received = new Packets();
    Channel to = datagrams(domains.serverWorkers, SERVER_ADDRESS, received, ofReceiver);
    XenShmDatagramChannel from =
        datagrams(domains.clientLoops, CLIENT_ADDRESS, new Packets(), ofSender);
    long before = XenShmMetrics.connections(reason);
    byte[] content = {1, 2, 3};
    from.writeAndFlush(
            new DatagramPacket(
                Unpooled.wrappedBuffer(content), (InetSocketAddress) to.localAddress()))
        .sync();
    assertArrayEquals(content, received.next().content());
    Packets.await(from, () -> XenShmMetrics.connections(reason) > before, reason.toString());
    assertTrue(from.ringPeers().isEmpty());
  }

  @Test
  void packetsToADeniedGuestTakeUdp() throws Exception {
    start();
    sendByUdp(
        XenShmPeers.ALL.deny("uuid:" + FakeDirectory.uuid(SERVER)),
        XenShmPeers.ALL,
        XenShmPathReason.PEER_DENIED);
  }

  @Test
  void packetsOfADeniedGuestComeByUdp() throws Exception {
    start();
    long before = XenShmMetrics.deniedOffers();
    sendByUdp(
        XenShmPeers.ALL,
        XenShmPeers.ALL.deny("uuid:" + FakeDirectory.uuid(CLIENT)),
        XenShmPathReason.REFUSED);
    assertEquals(before + 1, XenShmMetrics.deniedOffers());
  }
}
