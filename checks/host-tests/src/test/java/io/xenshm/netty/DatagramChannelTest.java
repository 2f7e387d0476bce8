package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultAddressedEnvelope;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.directory.PeerLookup.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Packets between two domains: over rings, over UDP, and over both. */
class DatagramChannelTest {
  private static final int MAX_PAYLOAD = 65_507;
  private static final int SHORT_IDLE_MILLIS = 100;

  private TwoDomains domains;
  private EventLoopGroup serverLoops;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
    serverLoops = domains.serverWorkers;
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private static Bootstrap bootstrap(EventLoopGroup loops, ChannelHandler handler) {
    return new Bootstrap()
        .group(loops)
        .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
        .option(ChannelOption.SO_RCVBUF, 1 << 20)
        .handler(handler);
  }

  private Bootstrap server(ChannelHandler handler) {
    return bootstrap(serverLoops, handler);
  }

  private Bootstrap client(ChannelHandler handler) {
    return bootstrap(domains.clientLoops, handler);
  }

  private static XenShmDatagramChannel bind(Bootstrap bootstrap, InetAddress address) {
    return (XenShmDatagramChannel) done(bootstrap.bind(new InetSocketAddress(address, 0)));
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static DatagramPacket packet(int size, Channel recipient) {
    return new DatagramPacket(
        Unpooled.wrappedBuffer(bytes(size)), (InetSocketAddress) recipient.localAddress());
  }

  /** Sends a packet, and checks what arrives. */
  private static void send(
      XenShmDatagramChannel from, XenShmDatagramChannel to, Packets received, int size)
      throws Exception {
    from.writeAndFlush(packet(size, to)).sync();
    Packets.Packet packet = received.next();
    assertArrayEquals(bytes(size), packet.content());
    assertEquals(from.localAddress(), packet.sender());
    assertEquals(to.localAddress(), packet.recipient());
  }

  private final Packets atServer = new Packets();
  private final Packets atClient = new Packets();

  /** Has a ring made between two channels. */
  private void openRing(XenShmDatagramChannel from, XenShmDatagramChannel to, Packets received)
      throws Exception {
    send(from, to, received, 10);
    Packets.awaitRing(from, to.localAddress());
    Packets.awaitRing(to, from.localAddress());
  }

  @Test
  void theFirstPacketTakesUdpAndTheNextOnesTheRing() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);

    assertEquals(Set.of(), client.ringPeers());
    openRing(client, server, atServer);

    assertEquals(65, domains.host.accounting(CLIENT).grantedPages());
    for (int size : new int[] {0, 1, 3, 4, 1400, 16384, MAX_PAYLOAD}) {
      send(client, server, atServer, size);
      send(server, client, atClient, size);
    }
    assertEquals(0, client.droppedPackets());
  }

  @Test
  void aConnectedChannelTakesBuffersAndHearsItsPeerOnly() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel stranger = bind(server(new Packets()), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    openRing(stranger, client, atClient);

    client.connect(server.localAddress()).sync();
    assertTrue(client.isConnected());
    Packets.awaitRing(client, server.localAddress());
    Packets.await(stranger, () -> stranger.ringPeers().isEmpty(), "the stranger's ring is closed");
    stranger.writeAndFlush(packet(5, client)).sync();
    client.writeAndFlush(Unpooled.wrappedBuffer(bytes(100))).sync();

    assertArrayEquals(bytes(100), atServer.next().content());
    send(server, client, atClient, 200);
    assertEquals(0, atClient.waiting());
  }

  @Test
  void severalPeersOverRingsAndUdpAreKeptApart() throws Exception {
    Set<InetSocketAddress> senders = new HashSet<>();
    Echo echo = new Echo();
    XenShmDatagramChannel server = bind(server(echo), SERVER_ADDRESS);
    List<Packets> handlers = new ArrayList<>();
    List<Channel> clients = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      handlers.add(new Packets());
      clients.add(bind(client(handlers.get(i)), CLIENT_ADDRESS));
    }
    handlers.add(new Packets());
    clients.add(
        done(
            new Bootstrap()
                .group(domains.clientLoops)
                .channel(EpollDatagramChannel.class)
                .handler(handlers.get(3))
                .bind(new InetSocketAddress(CLIENT_ADDRESS, 0))));
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < clients.size(); i++) {
        clients.get(i).writeAndFlush(packet(100 + i, server)).sync();
        Packets.Packet answer = handlers.get(i).next();
        assertEquals(server.localAddress(), answer.sender());
        assertArrayEquals(bytes(100 + i), answer.content());
        senders.add((InetSocketAddress) clients.get(i).localAddress());
      }
    }

    for (int i = 0; i < 3; i++) {
      Packets.awaitRing(server, (InetSocketAddress) clients.get(i).localAddress());
    }
    assertEquals(3, server.ringPeers().size());
    assertEquals(4, senders.size());
  }

  /** Answers the sender. */
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      DatagramPacket packet = (DatagramPacket) message;
      ctx.write(new DatagramPacket(packet.content(), packet.sender()));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      ctx.flush();
    }
  }

  @Test
  void oneFlushMixesRingsAndUdpAndEachMessageHasItsResult() throws Exception {
    Packets atOther = new Packets();
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    Channel other =
        done(
            new Bootstrap()
                .group(serverLoops)
                .channel(EpollDatagramChannel.class)
                .handler(atOther)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    openRing(client, server, atServer);

    List<ChannelFuture> writes = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      writes.add(client.write(packet(i, i % 5 < 2 ? server : other)));
      if (i % 10 == 0) {
        ChannelFuture cancelled = client.write(packet(1, other));
        assertTrue(cancelled.cancel(false) || cancelled.isDone());
      }
    }
    client.flush();

    for (ChannelFuture write : writes) {
      write.sync();
    }
    for (int i = 0; i < 50; i++) {
      assertArrayEquals(bytes(i), (i % 5 < 2 ? atServer : atOther).next().content());
    }
  }

  @Test
  void whereTheTableNamesNoGuestPacketsTakeUdp() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    domains.clientPeers.answer(SERVER_ADDRESS, Outcome.NOT_CO_RESIDENT);
    long before = XenShmMetrics.connections(XenShmPathReason.NOT_CO_RESIDENT);

    for (int size = 0; size < 20; size++) {
      send(client, server, atServer, 1 + size);
    }

    assertEquals(Set.of(), client.ringPeers());
    assertEquals(before + 1, XenShmMetrics.connections(XenShmPathReason.NOT_CO_RESIDENT));
  }

  @Test
  void aPeerThatIsNotInTheTableIsRefusedAndComesByUdp() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    domains.serverPeers.forgetDomain(CLIENT);
    long before = XenShmMetrics.connections(XenShmPathReason.REFUSED);

    send(client, server, atServer, 10);
    Packets.await(
        client,
        () -> XenShmMetrics.connections(XenShmPathReason.REFUSED) > before,
        "the ring is refused");

    send(client, server, atServer, 20);
    assertEquals(Set.of(), client.ringPeers());
  }

  @Test
  void aPeerThatDoesNotReadLosesPacketsAndTheyAreCountedAtTheSender() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    openRing(client, server, atServer);
    server.config().setAutoRead(false);
    server.eventLoop().submit(() -> {}).sync();
    long before = XenShmMetrics.droppedPackets();

    int sent = 1000;
    for (int i = 0; i < sent; i++) {
      client.write(packet(1000, server));
    }
    client.writeAndFlush(packet(1000, server)).sync();
    long dropped = client.droppedPackets();
    assertEquals(dropped, XenShmMetrics.droppedPackets() - before);
    assertTrue(dropped > 800, dropped + " dropped");
    server.config().setAutoRead(true);

    for (int i = 0; i < sent + 1 - dropped; i++) {
      assertArrayEquals(bytes(1000), atServer.next().content());
    }
    send(client, server, atServer, 7);
    assertEquals(dropped, client.droppedPackets());
  }

  @Test
  void whatIsTooLongOrHasNoAddressFailsAndTheChannelGoesOn() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);

    Throwable tooLong = client.writeAndFlush(packet(MAX_PAYLOAD + 1, server)).await().cause();
    assertInstanceOf(IllegalArgumentException.class, tooLong);
    assertTrue(tooLong.getMessage().contains("at most 65507"), tooLong.getMessage());
    ByteBuf content = Unpooled.wrappedBuffer(bytes(5));
    assertInstanceOf(NotYetConnectedException.class, client.writeAndFlush(content).await().cause());
    assertInstanceOf(
        UnresolvedAddressException.class,
        client
            .writeAndFlush(
                new DatagramPacket(
                    Unpooled.wrappedBuffer(bytes(5)),
                    InetSocketAddress.createUnresolved("nowhere.invalid", 1)))
            .await()
            .cause());

    send(client, server, atServer, 10);
  }

  @Test
  void anEnvelopeIsAPacketToo() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    openRing(client, server, atServer);

    client
        .writeAndFlush(
            new DefaultAddressedEnvelope<>(
                Unpooled.wrappedBuffer(bytes(33)), server.localAddress()))
        .sync();

    assertArrayEquals(bytes(33), atServer.next().content());
  }

  @Test
  void aPacketLongerThanTheRingTakesUdp() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    server.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(1 << 16));
    XenShmDatagramChannel client =
        bind(client(atClient).option(XenShmChannelOption.XENSHM_RING_SIZE, 4096), CLIENT_ADDRESS);
    openRing(client, server, atServer);

    for (int size : new int[] {4092, 4093, 30_000}) {
      send(client, server, atServer, size);
    }
    assertEquals(0, client.droppedPackets());
  }

  @Test
  void theRingOfASilentPeerIsGivenBackAndTheNextPacketAsksForANewOne() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client =
        bind(
            client(atClient).option(XenShmChannelOption.XENSHM_IDLE_MILLIS, SHORT_IDLE_MILLIS),
            CLIENT_ADDRESS);
    openRing(client, server, atServer);

    Packets.await(client, () -> client.ringPeers().isEmpty(), "the ring goes");
    Packets.await(server, () -> server.ringPeers().isEmpty(), "the server's end goes");
    Packets.await(server, () -> mappedPages() == 0, "the pages are unmapped");
    client.config().setIdleMillis(60_000);

    send(client, server, atServer, 20);
    send(server, client, atClient, 30);
  }

  private int mappedPages() {
    try {
      return domains.host.accounting(SERVER).mappedPages();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void bothMayBeginAtTheSameTime() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    ChannelFuture there = client.writeAndFlush(packet(10, server));
    ChannelFuture back = server.writeAndFlush(packet(11, client));
    there.sync();
    back.sync();
    assertArrayEquals(bytes(10), atServer.next().content());
    assertArrayEquals(bytes(11), atClient.next().content());
    Packets.awaitRing(client, server.localAddress());
    Packets.awaitRing(server, client.localAddress());

    for (int size = 0; size < 100; size++) {
      send(client, server, atServer, size);
      send(server, client, atClient, size);
    }
    assertEquals(0, client.droppedPackets() + server.droppedPackets());
  }

  @Test
  void whereRingsAreRequiredThePacketWaitsForItsRing() throws Exception {
    XenShmDatagramChannel server =
        bind(
            server(atServer).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED),
            SERVER_ADDRESS);
    XenShmDatagramChannel client =
        bind(
            client(atClient).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED),
            CLIENT_ADDRESS);

    send(client, server, atServer, 10);

    assertEquals(Set.of(server.localAddress()), client.ringPeers());
    assertEquals(0, server.droppedPackets(), "by UDP it would have been dropped");
  }

  @Test
  void whereRingsAreRequiredAndThereIsNoneTheWriteSaysWhy() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client =
        bind(
            client(atClient).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED),
            CLIENT_ADDRESS);
    domains.clientPeers.answer(SERVER_ADDRESS, Outcome.NO_TABLE);

    Throwable failure = client.writeAndFlush(packet(10, server)).await().cause();

    assertTrue(
        failure.getMessage().contains(XenShmPathReason.NO_TABLE.text()), failure.getMessage());
    server.writeAndFlush(packet(10, client)).sync();
    Packets.await(client, () -> client.droppedPackets() > 0, "UDP is dropped");
    assertEquals(0, atClient.waiting());
  }

  @Test
  void switchedOffItIsUdp() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client =
        bind(
            client(atClient).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF),
            CLIENT_ADDRESS);
    for (int i = 0; i < 10; i++) {
      send(client, server, atServer, 10);
    }
    assertEquals(Set.of(), client.ringPeers());
    assertEquals(0, domains.host.accounting(CLIENT).grantedPages());
  }

  @Test
  void aChannelThatMayBeginNoRingsTakesThoseOfOthers() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client =
        bind(client(atClient).option(XenShmChannelOption.XENSHM_MAX_PEERS, 0), CLIENT_ADDRESS);
    long before = XenShmMetrics.connections(XenShmPathReason.QUOTA);
    send(client, server, atServer, 10);
    assertEquals(before + 1, XenShmMetrics.connections(XenShmPathReason.QUOTA));
    assertEquals(Set.of(), client.ringPeers());

    openRing(server, client, atClient);

    send(client, server, atServer, 20);
    assertEquals(0, domains.host.accounting(CLIENT).grantedPages());
  }

  @Test
  void aPeerThatClosedAndCameBackIsReachedAgain() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client = bind(client(atClient), CLIENT_ADDRESS);
    openRing(client, server, atServer);
    InetSocketAddress address = server.localAddress();

    server.close().sync();
    Packets.await(client, () -> client.ringPeers().isEmpty(), "the ring goes");
    Packets again = new Packets();
    XenShmDatagramChannel second = (XenShmDatagramChannel) done(server(again).bind(address));

    send(client, second, again, 10);
  }

  @Test
  @SuppressWarnings("deprecation")
  void aChannelThatIsNotBoundMaySend() throws Exception {
    XenShmDatagramChannel server = bind(server(atServer), SERVER_ADDRESS);
    XenShmDatagramChannel client =
        (XenShmDatagramChannel)
            done(
                client(atClient)
                    .option(ChannelOption.DATAGRAM_CHANNEL_ACTIVE_ON_REGISTRATION, true)
                    .register());

    client.writeAndFlush(packet(10, server)).sync();
    assertArrayEquals(bytes(10), atServer.next().content());
    Packets.awaitRing(client, server.localAddress());
    client.writeAndFlush(packet(20, server)).sync();

    Packets.Packet packet = atServer.next();
    assertArrayEquals(bytes(20), packet.content());
    assertEquals(
        new InetSocketAddress(CLIENT_ADDRESS, client.localAddress().getPort()), packet.sender());
  }

  @Test
  void optionsOfUdpAreTheSocketsAndOursAreChecked() {
    XenShmDatagramChannel client =
        bind(client(atClient).option(ChannelOption.SO_BROADCAST, true), CLIENT_ADDRESS);
    XenShmDatagramChannelConfig config = client.config();

    assertTrue(config.isBroadcast());
    assertTrue(config.getOption(ChannelOption.SO_BROADCAST));
    assertEquals(config.getReceiveBufferSize(), config.getOption(ChannelOption.SO_RCVBUF));
    assertEquals(XenShmMode.PREFERRED, config.getOptions().get(XenShmChannelOption.XENSHM_MODE));
    assertTrue(config.setOption(ChannelOption.IP_MULTICAST_TTL, 3));
    assertEquals(3, config.getTimeToLive());
    assertFalse(config.setOption(ChannelOption.TCP_NODELAY, true));
    for (Runnable wrong :
        List.<Runnable>of(
            () -> config.setRingSize(5000),
            () -> config.setIdleMillis(0),
            () -> config.setMaxPeers(-1),
            () -> config.setSpinMicros(-1),
            () -> config.setXenShmConnectTimeoutMillis(0))) {
      assertThrows(IllegalArgumentException.class, wrong::run);
    }
  }

  @Test
  void multicastIsTheSockets() throws Exception {
    NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    XenShmDatagramChannel server = bind(server(atServer), InetAddress.getByName("0.0.0.0"));
    XenShmDatagramChannel client =
        bind(client(atClient).option(ChannelOption.IP_MULTICAST_IF, loopback), CLIENT_ADDRESS);
    InetSocketAddress group =
        new InetSocketAddress(InetAddress.getByName("239.255.47.11"), port(server));

    server.joinGroup(group, loopback).sync();
    client.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes(77)), group)).sync();
    assertArrayEquals(bytes(77), atServer.next().content());
    server.leaveGroup(group, loopback).sync();

    assertEquals(Set.of(), client.ringPeers());
  }

  private static int port(XenShmDatagramChannel channel) {
    return channel.localAddress().getPort();
  }
}
