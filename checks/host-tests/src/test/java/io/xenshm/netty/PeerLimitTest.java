package io.xenshm.netty;

import static io.xenshm.link.HostileClient.ACCEPTED;
import static io.xenshm.link.HostileClient.OFFERED;
import static io.xenshm.link.HostileClient.REFUSED;
import static io.xenshm.netty.HostileSite.ATTACKER;
import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.ReferenceCountUtil;
import io.xenshm.link.HostileClient;
import io.xenshm.link.HostileServer;
import io.xenshm.xen.XenLimitException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A domain that takes too much is stopped at its limit, and the neighbour's domain is not. */
class PeerLimitTest {
  private static final int NO_RESOURCES = 5;
  private static final int TOO_LATE = 6;
  private static final int PORT = 4711;
  private static final int PAGES_OF_AN_ATTACKER = 1 + 2 * HostileClient.RING / 4096;

  private HostileSite site;

  private HostileSite start(XenShmLimit limit, int value) throws Exception {
    System.setProperty(limit.property(), Integer.toString(value));
    site = new HostileSite();
    return site;
  }

  @AfterEach
  void stop() throws Exception {
    for (XenShmLimit limit : XenShmLimit.values()) {
      System.clearProperty(limit.property());
    }
    if (site != null) {
      site.close();
    }
  }

  private static void assertReached(XenShmLimit limit, long before) {
    assertTrue(XenShmMetrics.limitReached(limit) > before, limit + " is not counted");
  }

  @Test
  void a25ConnectionsBeyondTheLimitAreRefused() throws Exception {
    start(XenShmLimit.CONNECTIONS, 2);
    long before = XenShmMetrics.limitReached(XenShmLimit.CONNECTIONS);
    assertEquals(ACCEPTED, site.offer(site.attacker()));
    assertEquals(ACCEPTED, site.offer(site.attacker()));

    HostileClient third = site.attacker();
    assertEquals(REFUSED, site.offer(third));
    assertEquals(NO_RESOURCES, third.get(HostileClient.REASON));
    assertReached(XenShmLimit.CONNECTIONS, before);

    get(site.nextChild().active).channel().close().sync();
    assertEquals(ACCEPTED, site.offer(site.attacker()));
  }

  @Test
  void a25PagesBeyondTheLimitAreNotMapped() throws Exception {
    // the neighbour's connections take 65 pages each
    start(XenShmLimit.PAGES, 3 * 65);
    long before = XenShmMetrics.limitReached(XenShmLimit.PAGES);
    int mapped = site.domains.host.accounting(SERVER).mappedPages();
    int fitting = 3 * 65 / PAGES_OF_AN_ATTACKER;
    for (int i = 0; i < fitting; i++) {
      assertEquals(ACCEPTED, site.offer(site.attacker()));
    }

    HostileClient oneMore = site.attacker();
    assertEquals(REFUSED, site.offer(oneMore));
    assertEquals(NO_RESOURCES, oneMore.get(HostileClient.REASON));
    assertReached(XenShmLimit.PAGES, before);
    site.listener.eventLoop().submit(() -> {}).sync();
    assertEquals(
        mapped + fitting * PAGES_OF_AN_ATTACKER,
        site.domains.host.accounting(SERVER).mappedPages());
  }

  @Test
  void a26OffersThatNobodyAcceptsAreBoundedForEachDomain() throws Exception {
    start(XenShmLimit.PENDING_OFFERS, 3);
    long before = XenShmMetrics.limitReached(XenShmLimit.PENDING_OFFERS);
    Channel slow =
        done(
            site.server()
                .option(ChannelOption.AUTO_READ, false)
                .bind(new XenShmAddress(SERVER, 0)));
    int port = ((InetSocketAddress) slow.localAddress()).getPort();
    HostileClient[] attackers = new HostileClient[5];
    for (int i = 0; i < attackers.length; i++) {
      attackers[i] = site.attacker();
      attackers[i].offer(port);
    }
    ChannelFuture honest = site.domains.client(new Received()).connect(slow.localAddress());
    awaitReached(XenShmLimit.PENDING_OFFERS, before + 1);

    slow.config().setAutoRead(true);

    done(honest);
    for (int i = 0; i < 3; i++) {
      assertEquals(ACCEPTED, attackers[i].awaitAnswer());
    }
    assertEquals(OFFERED, attackers[3].get(HostileClient.STATE));
    assertEquals(OFFERED, attackers[4].get(HostileClient.STATE));
  }

  private void awaitReached(XenShmLimit limit, long before) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (XenShmMetrics.limitReached(limit) <= before) {
      assertTrue(System.nanoTime() < deadline, limit + " is not counted");
      site.listener.eventLoop().schedule(() -> {}, 1, TimeUnit.MILLISECONDS).sync();
    }
  }

  @Test
  void a17OffersAtAHighRateAreDroppedBeforeTheyAreRead() throws Exception {
    start(XenShmLimit.OFFERS, 20);
    long before = XenShmMetrics.limitReached(XenShmLimit.OFFERS);
    HostileClient attacker = site.attacker();
    String toAnotherProcess =
        attacker
            .honestOffer(site.port)
            .replaceFirst(
                "stream " + site.port + " [0-9a-f]{16}",
                "stream " + site.port + " " + "0".repeat(16));
    while (XenShmMetrics.limitReached(XenShmLimit.OFFERS) < before + 10) {
      attacker.offerText(toAnotherProcess);
    }
    site.assertTheNeighbourIsServed();
    site.assertTheNeighbourConnects();
  }

  @Test
  void a27OfferThatWaitedForTooLongIsRefused() throws Exception {
    start(XenShmLimit.HANDSHAKE_MILLIS, 2000);
    long before = XenShmMetrics.limitReached(XenShmLimit.HANDSHAKE_MILLIS);
    Channel slow =
        done(
            site.server()
                .option(ChannelOption.AUTO_READ, false)
                .bind(new XenShmAddress(SERVER, 0)));
    HostileClient patient = site.attacker();
    patient.offer(((InetSocketAddress) slow.localAddress()).getPort());
    slow.eventLoop().schedule(() -> {}, 2100, TimeUnit.MILLISECONDS).sync();

    slow.config().setAutoRead(true);

    assertEquals(REFUSED, patient.awaitAnswer());
    assertEquals(TOO_LATE, patient.get(HostileClient.REASON));
    assertReached(XenShmLimit.HANDSHAKE_MILLIS, before);
  }

  @Test
  void a27ServerThatNeverAnswersCannotHoldAConnectWithoutTimeOut() throws Exception {
    start(XenShmLimit.HANDSHAKE_MILLIS, 2000);
    try (HostileServer silent = new HostileServer(site.attackerXen, PORT, "1 stream xen")) {
      ChannelFuture connect = connectTo(PORT, 0);
      silent.awaitOffer(CLIENT);
      Throwable failure = connect.awaitUninterruptibly().cause();
      assertInstanceOf(ConnectTimeoutException.class, failure);
      assertTrue(
          failure.getMessage().contains(XenShmLimit.HANDSHAKE_MILLIS.property()),
          failure.getMessage());
    }
  }

  private ChannelFuture connectTo(int port, int timeoutMillis) {
    return site.domains
        .client(new Received())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
        .connect(new XenShmAddress(ATTACKER, port));
  }

  @Test
  void a28ServerThatNeverAnswersGetsNoMoreMemoryForAWhile() throws Exception {
    start(XenShmLimit.HELD_PAGES, 100);
    long before = XenShmMetrics.limitReached(XenShmLimit.HELD_PAGES);
    try (HostileServer silent = new HostileServer(site.attackerXen, PORT, "1 stream xen")) {
      ChannelFuture first = connectTo(PORT, 500);
      silent.awaitOffer(CLIENT);
      assertInstanceOf(ConnectTimeoutException.class, first.awaitUninterruptibly().cause());

      Throwable failure = connectTo(PORT, 500).awaitUninterruptibly().cause();
      assertInstanceOf(XenLimitException.class, failure);
      assertTrue(
          failure
              .getMessage()
              .contains("domain 3 has reached the limit of 100 granted pages not given back"),
          failure.getMessage());
      assertReached(XenShmLimit.HELD_PAGES, before);
    }
  }

  @Test
  void a36ServerThatSeemsToVanishAnswersForWhatItHolds() throws Exception {
    start(XenShmLimit.HELD_PAGES, 100);
    try (HostileServer server = new HostileServer(site.attackerXen, PORT, "1 stream xen");
        HostileServer silent = new HostileServer(site.attackerXen, PORT + 1, "1 stream xen")) {
      ChannelFuture open = connectTo(PORT, 20_000);
      server.awaitOffer(CLIENT).answer(HostileServer.ACCEPTED);
      done(open);
      ChannelFuture held = connectTo(PORT + 1, 500);
      silent.awaitOffer(CLIENT);
      assertInstanceOf(ConnectTimeoutException.class, held.awaitUninterruptibly().cause());

      assertLimitOutlivesSeemingEnd(server, open);
    }
  }

  @Test
  void a36ServerThatSeemsToVanishAnswersForMemoryOfItsOpenConnections() throws Exception {
    start(XenShmLimit.HELD_PAGES, 100);
    try (HostileServer server = new HostileServer(site.attackerXen, PORT, "1 stream xen")) {
      ChannelFuture open = connectTo(PORT, 20_000);
      server.awaitOffer(CLIENT).answer(HostileServer.ACCEPTED);
      done(open);

      assertLimitOutlivesSeemingEnd(server, open);
    }
  }

  private void assertLimitOutlivesSeemingEnd(HostileServer server, ChannelFuture open)
      throws Exception {
    server.vanish();
    done(open.channel().closeFuture());
    server.announce(PORT, "1 stream xen");

    assertInstanceOf(XenLimitException.class, connectTo(PORT, 500).awaitUninterruptibly().cause());
  }

  @Test
  void a37DomainThatTookTooMuchOfTheLoopWaitsWhileAnotherIsBusy() throws Exception {
    site = new HostileSite();
    XenShmLoop loop = ((XenShmServerSocketChannel) site.listener).loop();
    GreedyDomain greedy = new GreedyDomain(loop);
    site.listener.eventLoop().submit(greedy::begin).sync();
    HostileClient attacker = site.attacker();

    attacker.offer(site.port);
    site.assertTheNeighbourIsServed();
    site.assertTheNeighbourConnects();

    int state = attacker.get(HostileClient.STATE);
    site.listener.eventLoop().submit(greedy::end).sync();
    if (greedy.longestPauseNanos < TimeUnit.MILLISECONDS.toNanos(400)) {
      assertEquals(OFFERED, state);
    }
    assertEquals(ACCEPTED, attacker.awaitAnswer());
  }

  /** The attacker's handshakes take most of the loop's time, while the neighbour is busy. */
  private static final class GreedyDomain implements Pollable {
    private static final long WORK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final XenShmLoop loop;
    private final ActiveHandles.Slot slot = new ActiveHandles.Slot(this);
    private long last;
    private long longestPauseNanos;

    GreedyDomain(XenShmLoop loop) {
      this.loop = loop;
    }

    void begin() {
      for (int i = 0; i < 50; i++) {
        work();
      }
      loop.active().add(slot);
    }

    void end() {
      loop.active().remove(slot);
    }

    private void work() {
      loop.handshakes().run(ATTACKER, () -> spinUntil(System.nanoTime() + WORK_NANOS));
      last = System.nanoTime();
    }

    private static void spinUntil(long deadline) {
      while (System.nanoTime() - deadline < 0) {
        Thread.onSpinWait();
      }
    }

    @Override
    public boolean checkMemory() {
      return true;
    }

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError(cause);
    }

    @Override
    public int poll() {
      long pause = System.nanoTime() - last;
      longestPauseNanos = Math.max(longestPauseNanos, pause);
      if (pause > 2 * WORK_NANOS) {
        work();
      }
      return 0;
    }

    @Override
    public boolean prepareToSleep() {
      return false;
    }

    @Override
    public long spinNanos() {
      return 0;
    }

    @Override
    public int peerDomain() {
      return CLIENT;
    }
  }

  @Test
  void a13StormIsCountedAndTheStormingDomainStillServed() throws Exception {
    start(XenShmLimit.DOORBELLS, 1000);
    long before = XenShmMetrics.limitReached(XenShmLimit.DOORBELLS);
    HostileClient attacker = site.attacker();
    assertEquals(ACCEPTED, site.offer(attacker));
    Received child = site.nextChild();
    get(child.active);
    Thread storm =
        new Thread(
            () -> {
              try {
                while (!Thread.currentThread().isInterrupted()) {
                  attacker.ring();
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    storm.start();
    try {
      awaitReached(XenShmLimit.DOORBELLS, before + 10);
      site.assertTheNeighbourIsServed();
    } finally {
      storm.interrupt();
      storm.join();
    }
    attacker.publish(7);
    child.awaitBytes(7);
  }

  /** Without polling each message needs its doorbell. */
  @Test
  void requestsAndResponsesOfManyConnectionsDoNotMeetTheLimitOfDoorbells() throws Exception {
    start(XenShmLimit.DOORBELLS, 5000);
    TwoDomains domains = site.domains;
    Channel listener =
        done(
            domains
                .server(new EchoToAll(new LinkedBlockingQueue<>()))
                .childOption(XenShmChannelOption.XENSHM_SPIN_MICROS, 0)
                .bind(new XenShmAddress(SERVER, 0)));
    PingPong[] clients = new PingPong[12];
    for (int i = 0; i < clients.length; i++) {
      clients[i] = new PingPong(3000);
      done(
          domains
              .client(clients[i])
              .option(XenShmChannelOption.XENSHM_SPIN_MICROS, 0)
              .connect(listener.localAddress()));
    }
    for (PingPong client : clients) {
      get(client.started).writeAndFlush(Unpooled.wrappedBuffer(new byte[8]));
    }
    long before = XenShmMetrics.limitReached(XenShmLimit.DOORBELLS);
    for (PingPong client : clients) {
      get(client.ended);
    }
    assertEquals(before, XenShmMetrics.limitReached(XenShmLimit.DOORBELLS));
  }

  private static final class PingPong extends ChannelInboundHandlerAdapter {
    private final CompletableFuture<ChannelHandlerContext> started = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private int left;

    PingPong(int rounds) {
      left = rounds;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      started.complete(ctx);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (--left > 0) {
        ctx.writeAndFlush(message);
      } else {
        ReferenceCountUtil.release(message);
        ended.complete(null);
      }
    }
  }
}
