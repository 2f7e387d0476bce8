package io.xenshm.netty;

import static io.xenshm.link.HostileClient.ACCEPTED;
import static io.xenshm.link.HostileClient.CONTROL_TO_CLIENT;
import static io.xenshm.link.HostileClient.CONTROL_TO_SERVER;
import static io.xenshm.link.HostileClient.REFUSED;
import static io.xenshm.link.HostileClient.RING;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.link.HostileClient;
import io.xenshm.link.LinkKind;
import io.xenshm.ring.RingLayout;
import io.xenshm.ring.RingViolationException;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A hostile guest that begins packet rings with an honest datagram channel. After each attack the
 * same channel must still serve a well-behaved guest through its ring.
 */
class HostilePacketPeerTest {
  private static final int ATTACKER = 3;
  private static final InetSocketAddress ATTACKER_ADDRESS =
      new InetSocketAddress(FakeDirectory.addressOfDomain(ATTACKER), 50_000);
  private static final int DATA = Xen.PAGE_SIZE;

  /** Packets of this size fill a ring by the fourth. */
  private static final int QUARTER = 1000;

  private final Packets atServer = new Packets();
  private final FromAttacker fromAttacker = new FromAttacker();
  private TwoDomains domains;
  private SimulatedXen attackerXen;
  private HostileClient attacker;
  private XenShmDatagramChannel server;
  private XenShmDatagramChannel client;
  private int mappedBefore;

  @BeforeEach
  void start() throws Exception {
    domains = new TwoDomains();
    domains.host.addDomain(SimulatedDomain.of(ATTACKER));
    domains.serverPeers.put(ATTACKER_ADDRESS.getAddress(), ATTACKER);
    attackerXen = SimulatedXen.open(domains.host.directory(), ATTACKER);
    server = bind(domains.serverWorkers, SERVER_ADDRESS, fromAttacker);
    server.pipeline().addLast(atServer);
    client = bind(domains.clientLoops, CLIENT_ADDRESS, new Packets());
    client.connect(server.localAddress()).sync();
    Packets.awaitRing(server, client.localAddress());
    Packets.awaitRing(client, server.localAddress());
    mappedBefore = mappedPages();
    attacker = offer();
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    Packets.awaitRing(server, ATTACKER_ADDRESS);
  }

  @AfterEach
  void theOtherGuestIsServedAndNothingIsLeft() throws Exception {
    try {
      assertTheOtherGuestIsServed();
    } finally {
      attacker.close();
      attackerXen.close();
      domains.close();
    }
  }

  private static XenShmDatagramChannel bind(
      EventLoopGroup loops, InetAddress address, ChannelHandler handler) {
    return (XenShmDatagramChannel)
        done(
            new Bootstrap()
                .group(loops)
                .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
                .handler(handler)
                .bind(new InetSocketAddress(address, 0)));
  }

  private HostileClient offer() throws XenException {
    HostileClient hostile = new HostileClient(attackerXen, SERVER, LinkKind.DATAGRAM);
    hostile.offer(server.localAddress().getPort());
    return hostile;
  }

  private int mappedPages() {
    try {
      return domains.host.accounting(SERVER).mappedPages();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertTheOtherGuestIsServed() throws Exception {
    byte[] content = {1, 2, 3, 4, 5};
    client.writeAndFlush(Unpooled.wrappedBuffer(content)).sync();
    Packets.Packet packet = atServer.next();
    assertEquals(client.localAddress(), packet.sender());
    assertArrayEquals(content, packet.content());
  }

  /** Takes the attacker's packets out, and counts those of a turn. */
  private static final class FromAttacker extends ChannelInboundHandlerAdapter {
    private final AtomicInteger count = new AtomicInteger();
    private volatile int mostInATurn;
    private int turn;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      DatagramPacket packet = (DatagramPacket) message;
      if (packet.sender().equals(ATTACKER_ADDRESS)) {
        packet.release();
        count.incrementAndGet();
        turn++;
      } else {
        ctx.fireChannelRead(message);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      mostInATurn = Math.max(mostInATurn, turn);
      turn = 0;
      ctx.fireChannelReadComplete();
    }
  }

  /** What the attacker does. */
  interface Attack {
    void run(HostileClient attacker) throws Exception;
  }

  private static Arguments attack(String name, String says, Attack attack) {
    return Arguments.of(name, says, attack);
  }

  private static Attack publish(int length, int producerIndex) {
    return attacker -> {
      attacker.set(DATA, length);
      attacker.publish(producerIndex);
    };
  }

  static Stream<Arguments> lies() {
    return Stream.of(
        attack("a1 an index past the ring", "producer index", publish(0, RING + 4)),
        attack("a1 a negative index", "producer index", publish(0, -4)),
        attack(
            "a2 an index that goes back",
            "producer index",
            attacker -> {
              attacker.set(DATA, 4);
              attacker.publish(8);
              attacker.awaitChange(CONTROL_TO_SERVER + RingLayout.CONSUMER_INDEX, 0);
              attacker.publish(4);
            }),
        attack("a6 a negative length", "length", publish(-1, 8)),
        attack("a6 the least length", "length", publish(Integer.MIN_VALUE, 8)),
        attack("a6 a length past what is published", "length", publish(5, 8)),
        attack("a6 a length past any packet", "length", publish(65_508, RING)),
        attack("a6 a header that is cut", "whole packets", publish(0, 2)),
        attack(
            "a15 a state that there is not",
            "writer state",
            attacker -> {
              attacker.set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, 2);
              attacker.ring();
            }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void aLieEndsTheRingsAndIsCounted(String name, String says, Attack attack) throws Exception {
    long before = XenShmMetrics.failedPacketRings();

    attack.run(attacker);

    assertTheViolationIsReported(says, before);
  }

  private void assertTheViolationIsReported(String says, long failedBefore) throws Exception {
    Throwable failure = atServer.nextException();
    assertTrue(failure.getCause() instanceof RingViolationException, failure::toString);
    assertTrue(failure.getMessage().contains("domain " + ATTACKER), failure.getMessage());
    assertTrue(failure.getMessage().contains(says), failure.getMessage());
    assertEquals(failedBefore + 1, XenShmMetrics.failedPacketRings());
    assertFalse(server.ringPeers().contains(ATTACKER_ADDRESS));
    Packets.await(server, () -> mappedPages() == mappedBefore, "its pages are unmapped");
    try (HostileClient again = offer()) {
      assertEquals(REFUSED, again.awaitAnswer(), "who lied gets no rings for a while");
    }
  }

  static Stream<Arguments> liesOfAReader() {
    return Stream.of(
        attack(
            "a1 an index past what was written",
            "consumer index",
            attacker -> attacker.set(CONTROL_TO_CLIENT + RingLayout.CONSUMER_INDEX, RING)),
        attack(
            "a2 an index that goes back",
            "consumer index",
            attacker -> attacker.set(CONTROL_TO_CLIENT + RingLayout.CONSUMER_INDEX, -4)),
        attack(
            "a15 a state that there is not",
            "reader state",
            attacker -> attacker.set(CONTROL_TO_CLIENT + RingLayout.READER_STATE, 7)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("liesOfAReader")
  void aReadersLieIsFoundByTheNextPacketThatWantsSpace(String name, String says, Attack attack)
      throws Exception {
    long before = XenShmMetrics.failedPacketRings();
    attack.run(attacker);

    sendToAttacker(5);

    assertTheViolationIsReported(says, before);
    assertEquals(1, server.droppedPackets(), "the one that wanted space");
  }

  private void sendToAttacker(int packets) throws InterruptedException {
    for (int i = 1; i < packets; i++) {
      server.write(quarter());
    }
    server.writeAndFlush(quarter()).sync();
  }

  private static DatagramPacket quarter() {
    return new DatagramPacket(Unpooled.wrappedBuffer(new byte[QUARTER]), ATTACKER_ADDRESS);
  }

  @Test
  void a12ARingThatNeverDrainsCostsItsOwnPacketsOnly() throws Exception {
    long before = XenShmMetrics.droppedPackets();
    sendToAttacker(1000);

    assertEquals(996, server.droppedPackets());
    assertEquals(996, XenShmMetrics.droppedPackets() - before);
    assertTrue(server.ringPeers().contains(ATTACKER_ADDRESS), "to be full is no violation");
    assertTrue(server.isWritable());
  }

  @Test
  void aBurstIsReadInTurns() throws Exception {
    for (int i = 0; i < RING; i += 8) {
      attacker.set(DATA + i, 4);
    }
    for (int round = 0; round < 4; round++) {
      attacker.publish((round + 1) * RING);
      assertTheOtherGuestIsServed();
      int consumed = round * RING;
      while (consumed != (round + 1) * RING) {
        consumed = attacker.awaitChange(CONTROL_TO_SERVER + RingLayout.CONSUMER_INDEX, consumed);
      }
    }

    Packets.await(server, () -> fromAttacker.count.get() == 4 * RING / 8, "all are read");
    assertEquals(16, fromAttacker.mostInATurn);
    assertTrue(atServer.exceptions.isEmpty(), atServer.exceptions::toString);
    assertEquals(0, server.droppedPackets() + client.droppedPackets());
  }

  @Test
  void a8WhoClosesMidWayIsForgottenAndWhatItSentIsRead() throws Exception {
    attacker.set(DATA, 4);
    attacker.set(HostileClient.CLOSED, 1);
    attacker.publish(8);

    Packets.await(
        server, () -> !server.ringPeers().contains(ATTACKER_ADDRESS), "its ring is forgotten");
    Packets.await(server, () -> mappedPages() == mappedBefore, "its pages are unmapped");
    assertEquals(1, fromAttacker.count.get());
    sendToAttacker(1); // goes by UDP
    assertEquals(0, server.droppedPackets());
  }

  @Test
  void whoNeverPartsIsLeftAllTheSame() throws Exception {
    XenShmDatagramChannel other = impatientServer();
    try (HostileClient silent = new HostileClient(attackerXen, SERVER, LinkKind.DATAGRAM)) {
      silent.offer(other.localAddress().getPort());
      assertEquals(ACCEPTED, silent.awaitAnswer());
      silent.awaitChange(CONTROL_TO_CLIENT + RingLayout.WRITER_STATE, RingLayout.OPEN);

      int mappedWithTheFirst = mappedBefore + silent.references().length;
      Packets.await(other, () -> mappedPages() <= mappedWithTheFirst, "its pages are unmapped");
    }
    assertEquals(0, other.ringPeers().size());
  }

  private XenShmDatagramChannel impatientServer() {
    return (XenShmDatagramChannel)
        done(
            new Bootstrap()
                .group(domains.serverWorkers)
                .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
                .option(XenShmChannelOption.XENSHM_IDLE_MILLIS, 100)
                .handler(new Packets())
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
  }

  @Test
  void a17OneDomainGetsSixteenRings() throws Exception {
    List<HostileClient> more = new ArrayList<>();
    try {
      for (int i = 1; i < 16; i++) {
        more.add(offer());
        assertEquals(ACCEPTED, more.get(more.size() - 1).awaitAnswer());
      }
      more.add(offer());
      assertEquals(REFUSED, more.get(more.size() - 1).awaitAnswer());
    } finally {
      more.forEach(HostileClient::close);
    }
  }
}
