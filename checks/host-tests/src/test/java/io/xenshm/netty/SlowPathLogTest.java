package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.link.PeerWarnings;
import io.xenshm.testing.CapturedLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What makes a connection slower is in the log, with the next step; what is normal is not. */
class SlowPathLogTest {
  /** Two of these rings and a page fit once into the 1024 pages that a guest grants. */
  private static final int LARGE_RING = 1 << 20;

  private CapturedLog log;
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    log = new CapturedLog(PeerWarnings.class);
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
    log.close();
  }

  private Channel listen() {
    return domains.bindAddress(new Nothing());
  }

  private Bootstrap client() {
    return domains.client(new Nothing());
  }

  @Sharable
  private static final class Nothing extends ChannelInboundHandlerAdapter {}

  private static void assertPath(XenShmPathReason reason, Bootstrap client, Channel listener) {
    XenShmSocketChannel channel =
        (XenShmSocketChannel) done(client.connect(listener.localAddress()));
    assertEquals(reason, channel.pathReason());
  }

  private void assertWarned(String... parts) throws Exception {
    String line = log.next();
    for (String part : parts) {
      assertTrue(line.contains(part), "'" + part + "' is not in: " + line);
    }
  }

  @Test
  void aLimitOfThisGuestIsToldOnceWithItsValueAndTheNextStep() throws Exception {
    Channel listener = listen();
    Bootstrap client = client().option(XenShmChannelOption.XENSHM_RING_SIZE, LARGE_RING);
    assertPath(XenShmPathReason.CO_RESIDENT, client, listener);

    for (int i = 0; i < 3; i++) {
      assertPath(XenShmPathReason.QUOTA, client, listener);
    }

    assertWarned(
        "domain " + SERVER + ": connections take TCP instead of shared memory",
        "513 of its limit of 1024 granted pages are in use",
        "next: raise that limit",
        "XENSHM_RING_SIZE");
    assertEquals(1, log.lines().size(), log.lines()::toString);
  }

  @Test
  void theExceptionOfRequiredNamesTheLimitItsValueAndTheNextStep() {
    Channel listener = listen();
    Bootstrap client =
        client()
            .option(XenShmChannelOption.XENSHM_RING_SIZE, LARGE_RING)
            .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED);
    done(client.connect(listener.localAddress()));

    String message =
        client.connect(listener.localAddress()).awaitUninterruptibly().cause().getMessage();
    assertTrue(message.contains("513 of its limit of 1024 granted pages are in use"), message);
    assertTrue(message.contains("next: raise that limit"), message);
  }

  @Test
  void aLimitOfThePeerInThisGuestIsNamedByItsProperty() throws Exception {
    domains.close();
    System.setProperty(XenShmLimit.CONNECTIONS.property(), "1");
    try {
      domains = new TwoDomains();
    } finally {
      System.clearProperty(XenShmLimit.CONNECTIONS.property());
    }
    Channel listener = listen();
    assertPath(XenShmPathReason.CO_RESIDENT, client(), listener);
    assertPath(XenShmPathReason.QUOTA, client(), listener);

    assertWarned("limit of 1 connections", XenShmLimit.CONNECTIONS.property());
    assertWarned("connections take TCP", XenShmLimit.CONNECTIONS.property());
  }

  @Test
  void aTimeOutIsToldByTheNameOfItsOption() throws Exception {
    Channel listener =
        done(
            domains
                .server(new Nothing())
                .option(ChannelOption.AUTO_READ, false)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    Bootstrap client = client().option(XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS, 200);
    assertPath(XenShmPathReason.TIMED_OUT, client, listener);

    assertWarned("after 200 ms (XENSHM_CONNECT_TIMEOUT_MILLIS)", "next: see what keeps");
  }

  @Test
  void aDenialIsToldByBothEnds() throws Exception {
    Channel listener = listen();
    Bootstrap denying =
        client().option(XenShmChannelOption.XENSHM_PEERS, XenShmPeers.ALL.deny("domain:1"));
    assertPath(XenShmPathReason.PEER_DENIED, denying, listener);
    assertWarned("domain 1: connections take TCP", "XENSHM_PEERS");

    ServerBootstrap server =
        domains
            .server(new Nothing())
            .option(XenShmChannelOption.XENSHM_PEERS, XenShmPeers.ALL.deny("domain:2"));
    Channel strict = done(server.bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    assertPath(XenShmPathReason.REFUSED, client(), strict);
    assertWarned("domain 2: connections to port", "are refused shared memory", "XENSHM_PEERS");
    assertWarned("domain 1: connections take TCP", "does not allow this domain");
  }

  @Test
  void aPeerThatOnlySpeaksTcpIsNoNews() {
    EventLoopGroup loops = domains.serverWorkers;
    Channel tcp =
        done(
            new ServerBootstrap()
                .group(loops)
                .channel(EpollServerSocketChannel.class)
                .childHandler(new Nothing())
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    assertPath(XenShmPathReason.NO_LISTENER, client(), tcp);
    assertPath(
        XenShmPathReason.MODE_OFF,
        client().option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF),
        listen());

    assertEquals(List.of(), log.lines());
  }

  @Test
  void packetsThatTakeUdpAreToldToo() throws Exception {
    Packets received = new Packets();
    Channel server = datagrams(domains.serverWorkers, received, SERVER_ADDRESS, XenShmPeers.ALL);
    Channel client =
        datagrams(
            domains.clientLoops,
            new Packets(),
            CLIENT_ADDRESS,
            XenShmPeers.ALL.deny("domain:" + SERVER));
    client
        .writeAndFlush(
            new DatagramPacket(
                Unpooled.wrappedBuffer(new byte[1]), (InetSocketAddress) server.localAddress()))
        .sync();
    received.next();

    assertWarned("domain 1: packets take UDP instead of rings", "XENSHM_PEERS");
  }

  private static Channel datagrams(
      EventLoopGroup loops, ChannelHandler handler, InetAddress address, XenShmPeers peers) {
    return done(
        new Bootstrap()
            .group(loops)
            .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
            .option(XenShmChannelOption.XENSHM_PEERS, peers)
            .handler(handler)
            .bind(new InetSocketAddress(address, 0)));
  }
}
