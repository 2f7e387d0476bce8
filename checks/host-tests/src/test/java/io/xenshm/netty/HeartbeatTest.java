package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.link.HostileClient;
import io.xenshm.link.LinkHeartbeats;
import io.xenshm.ring.RingLayout;
import io.xenshm.sim.ChildJvm;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Peers that are silent for a second count as dead here; the raw client never beats. */
class HeartbeatTest {
  private static final int ATTACKER = 3;

  /** Longer than this process is without a processor, also where its machine is busy. */
  private static final int SILENCE_SECONDS = 3;

  private final Received child = new Received();
  private TwoDomains domains;
  private SimulatedXen silentXen;
  private HostileClient silent;
  private Channel listener;

  @BeforeEach
  void start() throws Exception {
    System.setProperty(LinkHeartbeats.SILENCE_PROPERTY, Integer.toString(SILENCE_SECONDS));
    domains = new TwoDomains();
    domains.host.addDomain(SimulatedDomain.of(ATTACKER));
    silentXen = SimulatedXen.open(domains.host.directory(), ATTACKER);
    silent = new HostileClient(silentXen, SERVER);
    listener = domains.bind(child);
  }

  @AfterEach
  void stop() {
    System.clearProperty(LinkHeartbeats.SILENCE_PROPERTY);
    silent.close();
    silentXen.close();
    domains.close();
  }

  private void connectSilently() throws Exception {
    silent.offer(((InetSocketAddress) listener.localAddress()).getPort());
    assertEquals(HostileClient.ACCEPTED, silent.awaitAnswer());
    get(child.active);
  }

  @Test
  void a10PeerThatShowsNoSignOfLifeIsGivenUp() throws Exception {
    connectSilently();
    IOException loss = assertInstanceOf(IOException.class, get(child.exception));
    assertTrue(
        loss.getMessage().contains("no sign of life of the peer in domain " + ATTACKER),
        loss.getMessage());
    get(child.inactive);
  }

  @Test
  void aSilentPeerIsGivenUpAlsoWhereTheChannelMovedToAnotherLoop() throws Exception {
    connectSilently();
    Channel moved = get(child.active).channel();
    done(moved.deregister());
    EventLoop other = domains.serverWorkers.next();
    done((other.equals(moved.eventLoop()) ? domains.serverWorkers.next() : other).register(moved));

    assertInstanceOf(IOException.class, get(child.exception));
    done(moved.closeFuture());
  }

  @Test
  void idleConnectionOfALivingPeerOutlivesTheSilentOne() throws Exception {
    Received server = new Received();
    Channel honestListener = domains.bind(server);
    Channel honest = domains.connect(new Received(), honestListener);
    connectSilently();
    get(child.inactive);
    peersMayBeSilentForTooLong(honest);
    assertTrue(honest.isActive());
    assertTrue(get(server.active).channel().isActive());
  }

  @Test
  void a14DataForWhichNobodyRangIsRead() throws Exception {
    connectSilently();
    silent.memory().set(ValueLayout.JAVA_BYTE, Xen.PAGE_SIZE, (byte) 7);
    silent.set(HostileClient.CONTROL_TO_SERVER + RingLayout.PRODUCER_INDEX, 1);
    assertArrayEquals(new byte[] {7}, child.awaitBytes(1));
  }

  /** Waits for longer than a peer may be silent. */
  private static void peersMayBeSilentForTooLong(Channel observer) throws Exception {
    for (int i = 0; i < SILENCE_SECONDS + 2; i++) {
      observer.eventLoop().schedule(() -> {}, 1, TimeUnit.SECONDS).sync();
    }
  }

  /** Keeps its event loop at its first message, until it is let go; then it answers. */
  private static final class Blocking extends ChannelInboundHandlerAdapter {
    private final CountDownLatch blocked = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      blocked.countDown();
      goOn.await();
      if (message instanceof DatagramPacket packet) {
        ctx.writeAndFlush(new DatagramPacket(packet.content(), packet.sender()));
      } else {
        ctx.writeAndFlush(message);
      }
    }
  }

  @Test
  void aLoopThatAHandlerBlocksForLongerThanThatLosesNoConnection() throws Exception {
    Blocking blocking = new Blocking();
    Received received = new Received();
    Channel client = domains.connect(received, domains.bind(blocking));
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1})).sync();
    blocking.blocked.await();

    peersMayBeSilentForTooLong(client);
    assertTrue(client.isActive(), "the peer's process lives");
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {2, 3})).sync();
    blocking.goOn.countDown();

    assertArrayEquals(new byte[] {1, 2, 3}, received.awaitBytes(3));
    peersMayBeSilentForTooLong(client);
    assertTrue(client.isActive());
    assertFalse(received.exception.isDone());
  }

  @Test
  void aBlockedLoopLosesNoPacketRings() throws Exception {
    Blocking blocking = new Blocking();
    Packets received = new Packets();
    XenShmDatagramChannel server = datagrams(domains.serverWorkers, blocking, SERVER_ADDRESS);
    XenShmDatagramChannel client = datagrams(domains.clientLoops, received, CLIENT_ADDRESS);
    client.writeAndFlush(packet(server)).sync();
    blocking.blocked.await();
    blocking.goOn.countDown();
    received.next();
    Packets.awaitRing(client, server.localAddress());
    Packets.awaitRing(server, client.localAddress());

    CountDownLatch goOn = new CountDownLatch(1);
    server.eventLoop().execute(() -> awaitUninterruptibly(goOn));
    peersMayBeSilentForTooLong(client);
    assertEquals(Set.of(server.localAddress()), client.ringPeers());
    goOn.countDown();
    client.writeAndFlush(packet(server)).sync();
    received.next();
    assertEquals(Set.of(client.localAddress()), server.ringPeers());
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static XenShmDatagramChannel datagrams(
      EventLoopGroup loops, ChannelHandler handler, InetAddress address) {
    return (XenShmDatagramChannel)
        done(
            new Bootstrap()
                .group(loops)
                .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
                .handler(handler)
                .bind(new InetSocketAddress(address, 0)));
  }

  private static DatagramPacket packet(XenShmDatagramChannel to) {
    return packet(to.localAddress());
  }

  private static DatagramPacket packet(InetSocketAddress to) {
    return new DatagramPacket(Unpooled.wrappedBuffer(new byte[] {1}), to);
  }

  @Test
  void a10AProcessThatIsStoppedIsNoticedByItsStreamsAndItsPacketRings() throws Exception {
    ChildJvm guest =
        ChildJvm.start(
            EchoGuest.class, domains.host.directory().toString(), Integer.toString(ATTACKER));
    try {
      int[] ports = guest.readyNumbers();
      Received stream = new Received();
      Channel client = done(domains.client(stream).connect(new XenShmAddress(ATTACKER, ports[0])));
      client.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1})).sync();
      stream.awaitBytes(1);
      InetSocketAddress address =
          new InetSocketAddress(FakeDirectory.addressOfDomain(ATTACKER), ports[1]);
      domains.clientPeers.put(address.getAddress(), ATTACKER);
      Packets received = new Packets();
      XenShmDatagramChannel packets = datagrams(domains.clientLoops, received, CLIENT_ADDRESS);
      packets.writeAndFlush(packet(address)).sync();
      received.next();
      Packets.awaitRing(packets, address);

      guest.stop();

      assertTrue(get(stream.exception).getMessage().contains("no sign of life"));
      get(stream.inactive);
      Packets.await(packets, () -> packets.ringPeers().isEmpty(), "the rings' end");
    } finally {
      guest.kill();
    }
  }
}
