package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.sim.Await;
import io.xenshm.sim.SimulatedXen;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which path a connect to an IP address takes, and why. */
class PathChoiceTest {
  private static final int SIZE = 5000;
  private static final int SHORT_TIMEOUT_MILLIS = 200;
  private static final int DEAD_LISTENERS = 7;

  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  /** Keeps the accepted connections, and answers with what it gets. */
  @Sharable
  private static final class EchoServer extends ChannelInboundHandlerAdapter {
    private final BlockingQueue<XenShmPathEvent> paths = new LinkedBlockingQueue<>();
    private final BlockingQueue<XenShmSocketChannel> accepted = new LinkedBlockingQueue<>();

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      paths.add((XenShmPathEvent) event);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      accepted.add((XenShmSocketChannel) ctx.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message);
    }

    XenShmSocketChannel next() throws InterruptedException {
      XenShmSocketChannel child = accepted.poll(20, TimeUnit.SECONDS);
      assertTrue(child != null, "nothing was accepted");
      return child;
    }
  }

  private final EchoServer server = new EchoServer();

  /** Connects, lets the server answer, and checks what both ends are told of the path. */
  private XenShmSocketChannel exchange(
      Bootstrap bootstrap, Received received, InetSocketAddress address, XenShmPathReason reason)
      throws Exception {
    long before = XenShmMetrics.connections(reason);
    XenShmSocketChannel client = (XenShmSocketChannel) done(bootstrap.connect(address));
    byte[] sent = new byte[SIZE];
    new Random(1).nextBytes(sent);
    client.writeAndFlush(Unpooled.wrappedBuffer(sent)).sync();
    assertArrayEquals(sent, received.awaitBytes(SIZE));
    assertEquals(new XenShmPathEvent(reason.path(), reason), get(received.path));
    assertEquals(reason, client.pathReason());
    assertEquals(reason.path(), client.path());
    assertTrue(XenShmMetrics.connections(reason) > before);
    assertEquals(address, client.remoteAddress());
    return client;
  }

  private XenShmSocketChannel exchange(Channel listener, XenShmPathReason reason) throws Exception {
    Received received = new Received();
    return exchange(
        domains.client(received), received, (InetSocketAddress) listener.localAddress(), reason);
  }

  private static int port(Channel channel) {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  private String recordsOf(Channel listener) {
    return "/local/domain/" + SERVER + "/data/xenshm/listen/" + port(listener);
  }

  private void setRecord(Channel listener, String record) throws Exception {
    for (String process : get(domains.serverXen.xenStore().list(recordsOf(listener)))) {
      get(domains.serverXen.xenStore().write(recordsOf(listener) + '/' + process, record));
    }
  }

  /** As one that died: another domain cannot tell it from one that is slow. */
  @Test
  void aListenerThatDoesNotAnswerIsPassedOverTheNextTime() throws Exception {
    Channel listener = domains.bindAddress(server);
    String live = get(domains.serverXen.xenStore().list(recordsOf(listener))).get(0);
    String record = get(domains.serverXen.xenStore().readString(recordsOf(listener) + '/' + live));
    for (int i = 0; i < DEAD_LISTENERS; i++) {
      String dead = String.format("%016x", i);
      get(domains.serverXen.xenStore().write(recordsOf(listener) + '/' + dead, record));
    }

    Await.until("shared memory", () -> pathTo(listener) == XenShmPath.SHARED_MEMORY);
    for (int i = 0; i < 3; i++) {
      exchange(listener, XenShmPathReason.CO_RESIDENT);
    }
  }

  private XenShmPath pathTo(Channel listener) throws Exception {
    Received received = new Received();
    Bootstrap client =
        domains
            .client(received)
            .option(XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS, SHORT_TIMEOUT_MILLIS)
            // memory of offers without an answer is not given back for a while
            .option(XenShmChannelOption.XENSHM_RING_SIZE, 4096);
    Channel channel = done(client.connect(listener.localAddress()));
    XenShmPath path = get(received.path).path();
    channel.close().sync();
    return path;
  }

  @Test
  void aGuestOfTheSameHostIsReachedBySharedMemory() throws Exception {
    Channel listener = domains.bindAddress(server);

    XenShmSocketChannel client = exchange(listener, XenShmPathReason.CO_RESIDENT);

    XenShmSocketChannel child = server.next();
    assertEquals(
        new XenShmPathEvent(XenShmPath.SHARED_MEMORY, XenShmPathReason.CO_RESIDENT),
        server.paths.poll());
    assertEquals(CLIENT_ADDRESS, child.remoteAddress().getAddress());
    assertEquals(client.localAddress(), child.remoteAddress());
    assertEquals(listener.localAddress(), child.localAddress());
    assertEquals(listener, child.parent());
  }

  @Test
  void theSameServerIsReachedByTcpAfterItsSharedMemoryListenerIsGone() throws Exception {
    Channel listener = domains.bindAddress(server);
    exchange(listener, XenShmPathReason.CO_RESIDENT);
    get(domains.serverXen.xenStore().remove(recordsOf(listener)));

    XenShmSocketChannel client = exchange(listener, XenShmPathReason.NO_LISTENER);

    assertEquals(XenShmPath.SHARED_MEMORY, server.next().path());
    XenShmSocketChannel child = server.next();
    assertEquals(XenShmPathReason.PEER_CHOSE_TCP, child.pathReason());
    assertEquals(client.localAddress(), child.remoteAddress());
    assertEquals(listener, child.parent());
  }

  @Test
  void aPlainTcpServerIsReachedByTcp() throws Exception {
    Channel listener =
        done(
            new ServerBootstrap()
                .group(domains.serverBoss)
                .channel(EpollServerSocketChannel.class)
                .childHandler(new PlainEcho())
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));

    exchange(listener, XenShmPathReason.NO_LISTENER);
  }

  @Sharable
  private static final class PlainEcho extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message);
    }
  }

  @Test
  void anAddressThatTheTableDoesNotTellIsReachedByTcp() throws Exception {
    Channel listener = domains.bindAddress(server);
    for (Outcome outcome : Outcome.values()) {
      if (outcome != Outcome.CO_RESIDENT) {
        domains.clientPeers.answer(SERVER_ADDRESS, outcome);
        exchange(listener, PathReasons.of(outcome)).close().sync();
      }
    }
  }

  @Test
  void twoGuestsWithTheSameAddressAreNeverMixedUp() throws Exception {
    Channel listener = domains.bindAddress(server);
    domains.clientPeers.answer(SERVER_ADDRESS, Outcome.AMBIGUOUS);

    exchange(listener, XenShmPathReason.AMBIGUOUS);

    assertEquals(XenShmPath.TCP, server.next().path());
  }

  @Test
  void aListenerThatDoesNotAnswerCostsTheTimeoutAndSeesOneConnectionOnly() throws Exception {
    Channel listener =
        done(
            domains
                .server(server)
                .option(ChannelOption.AUTO_READ, false)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    Received received = new Received();
    long start = System.nanoTime();

    XenShmSocketChannel client =
        (XenShmSocketChannel)
            done(
                domains
                    .client(received)
                    .option(XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS, SHORT_TIMEOUT_MILLIS)
                    .connect(listener.localAddress()));

    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    assertTrue(millis >= SHORT_TIMEOUT_MILLIS, millis + " ms");
    assertEquals(XenShmPathReason.TIMED_OUT, client.pathReason());
    listener.config().setAutoRead(true);
    assertEquals(XenShmPath.TCP, server.next().path());
    exchange(listener, XenShmPathReason.CO_RESIDENT);
    assertEquals(XenShmPath.SHARED_MEMORY, server.next().path());
    assertTrue(server.accepted.isEmpty(), "a connection that its client gave up was accepted");
  }

  @Test
  void aConnectionThatTheListenersPipelineClosesIsRefusedAtOnceAndKeepsNoMemory() throws Exception {
    AtomicInteger closed = new AtomicInteger();
    Channel listener =
        done(
            domains
                .server(server)
                .handler(
                    new ChannelInboundHandlerAdapter() {
                      @Override
                      public void channelRead(ChannelHandlerContext ctx, Object child) {
                        if (closed.getAndIncrement() == 0) {
                          ((Channel) child).unsafe().closeForcibly();
                        } else {
                          ctx.fireChannelRead(child);
                        }
                      }
                    })
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));

    exchange(listener, XenShmPathReason.REFUSED);

    listener.eventLoop().submit(() -> {}).sync();
    assertEquals(0, domains.host.accounting(SERVER).mappedPages());
  }

  @Test
  void aLookupThatDoesNotEndCostsTheTimeout() throws Exception {
    Channel listener = domains.bindAddress(server);
    domains.clientPeers.answer(SERVER_ADDRESS, new CompletableFuture<>());
    Received received = new Received();

    exchange(
        domains
            .client(received)
            .option(XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS, SHORT_TIMEOUT_MILLIS),
        received,
        (InetSocketAddress) listener.localAddress(),
        XenShmPathReason.TIMED_OUT);
  }

  @Test
  void aPeerThatIsNotInTheServersTableIsRefusedAndComesByTcp() throws Exception {
    Channel listener = domains.bindAddress(server);
    domains.serverPeers.forgetDomain(CLIENT);

    exchange(listener, XenShmPathReason.REFUSED);
  }

  @Test
  void aListenerOfAnotherVersionIsReachedByTcp() throws Exception {
    Channel listener = domains.bindAddress(server);
    setRecord(listener, "2,3 stream " + SERVER_ADDRESS.getHostAddress());

    exchange(listener, XenShmPathReason.VERSION_MISMATCH);
  }

  @Test
  void aRecordThatNobodyUnderstandsIsNoListener() throws Exception {
    Channel listener = domains.bindAddress(server);
    for (String record : List.of("", "1 stream", "1 datagram *", "x".repeat(2000))) {
      setRecord(listener, record);
      exchange(listener, XenShmPathReason.NO_LISTENER).close().sync();
    }
  }

  @Test
  void whenTheGuestsPagesAreUsedUpConnectionsAreTcp() throws Exception {
    Channel listener = domains.bindAddress(server);
    int connections = 0;
    Received received;
    XenShmSocketChannel client;
    do {
      received = new Received();
      client = (XenShmSocketChannel) domains.connect(received, listener);
      connections++;
    } while (client.path() == XenShmPath.SHARED_MEMORY && connections < 100);

    assertEquals(XenShmPathReason.QUOTA, client.pathReason());
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[10])).sync();
    received.awaitBytes(10);
  }

  @Test
  void switchedOffAtTheClientItIsTcp() throws Exception {
    Channel listener = domains.bindAddress(server);
    Received received = new Received();

    exchange(
        domains.client(received).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF),
        received,
        (InetSocketAddress) listener.localAddress(),
        XenShmPathReason.MODE_OFF);
  }

  @Test
  void switchedOffAtTheServerItIsNotAnnounced() throws Exception {
    Channel listener =
        done(
            domains
                .server(server)
                .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));

    exchange(listener, XenShmPathReason.NO_LISTENER);
  }

  @Test
  void requiredAtTheClientAConnectFailsInsteadOfTakingTcp() {
    Channel listener = domains.bindAddress(server);
    domains.clientPeers.answer(SERVER_ADDRESS, Outcome.NO_TABLE);

    ChannelFuture connect =
        domains
            .client(new Received())
            .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
            .connect(listener.localAddress())
            .awaitUninterruptibly();

    ConnectException failure = assertInstanceOf(ConnectException.class, connect.cause());
    assertTrue(failure.getMessage().contains("REQUIRED"), failure.getMessage());
    assertTrue(
        failure.getMessage().contains(XenShmPathReason.NO_TABLE.text()), failure.getMessage());
    done(connect.channel().closeFuture());
  }

  @Test
  void requiredAtTheServerTcpIsRefused() throws Exception {
    Channel listener =
        done(
            domains
                .server(server)
                .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));

    exchange(listener, XenShmPathReason.CO_RESIDENT);
    ChannelFuture connect =
        domains
            .client(new Received())
            .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF)
            .connect(listener.localAddress())
            .awaitUninterruptibly();

    assertInstanceOf(ConnectException.class, connect.cause());
  }

  @Test
  void aWildcardIsAnnounced() throws Exception {
    Channel listener = done(domains.server(server).bind(0));
    Received received = new Received();

    exchange(
        domains.client(received),
        received,
        new InetSocketAddress(SERVER_ADDRESS, port(listener)),
        XenShmPathReason.CO_RESIDENT);

    assertEquals(
        new InetSocketAddress(SERVER_ADDRESS, port(listener)), server.next().localAddress());
  }

  @Test
  void aLoopbackAddressOfTheGuestAloneIsNotAnnounced() throws Exception {
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    Channel listener = done(domains.server(server).bind(new InetSocketAddress(loopback, 0)));
    domains.clientPeers.put(loopback, SERVER);

    exchange(listener, XenShmPathReason.NO_LISTENER);
  }

  @Test
  void aListenerThatIsClosedIsWithdrawnAndItsPortCanBeBoundAtOnce() throws Exception {
    Channel listener = domains.bindAddress(server);
    exchange(listener, XenShmPathReason.CO_RESIDENT).close().sync();
    InetSocketAddress address = (InetSocketAddress) listener.localAddress();

    listener.close().sync();
    ChannelFuture refused = domains.client(new Received()).connect(address).awaitUninterruptibly();
    Channel again = done(domains.server(server).bind(address));

    assertInstanceOf(ConnectException.class, refused.cause());
    exchange(again, XenShmPathReason.CO_RESIDENT);
  }

  @Test
  void aPortThatAnotherProcessAnnouncesIsTcpAloneOrFailsWhereSharedMemoryIsRequired()
      throws Exception {
    SimulatedXen otherProcess = SimulatedXen.open(domains.host.directory(), SERVER);
    EventLoopGroup otherLoops =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory(otherProcess, xen -> new FakeDirectory(SERVER, CLIENT)));
    try {
      Channel first = domains.bind(new PlainEcho());
      InetSocketAddress address = new InetSocketAddress(SERVER_ADDRESS, port(first));
      ServerBootstrap second =
          new ServerBootstrap()
              .group(otherLoops)
              .channel(XenShmServerSocketChannel.class)
              .childHandler(server);

      ChannelFuture required =
          second
              .clone()
              .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
              .bind(address)
              .awaitUninterruptibly();
      Channel listener = done(second.bind(address));

      assertInstanceOf(BindException.class, required.cause());
      exchange(listener, XenShmPathReason.NO_LISTENER);
    } finally {
      otherLoops.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
      otherProcess.close();
    }
  }

  @Test
  void withoutXenTheChannelsAreTcp() throws Exception {
    assertFalse(XenShm.isAvailable(), "this test is for machines without Xen");
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory());
    try {
      Channel listener =
          done(
              new ServerBootstrap()
                  .group(loops)
                  .channel(XenShmServerSocketChannel.class)
                  .childHandler(server)
                  .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
      Received received = new Received();

      exchange(
          new Bootstrap().group(loops).channel(XenShmSocketChannel.class).handler(received),
          received,
          (InetSocketAddress) listener.localAddress(),
          XenShmPathReason.XEN_UNAVAILABLE);

      ChannelFuture explicit =
          new Bootstrap()
              .group(loops)
              .channel(XenShmSocketChannel.class)
              .handler(new Received())
              .connect(new XenShmAddress(SERVER, 1))
              .awaitUninterruptibly();
      assertInstanceOf(ConnectException.class, explicit.cause());
    } finally {
      loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  void aBoundClientKeepsItsAddress() throws Exception {
    Channel listener = domains.bindAddress(server);
    Received received = new Received();
    InetSocketAddress local = new InetSocketAddress(CLIENT_ADDRESS, 0);

    XenShmSocketChannel client =
        exchange(
            domains.client(received).localAddress(local),
            received,
            (InetSocketAddress) listener.localAddress(),
            XenShmPathReason.CO_RESIDENT);

    assertEquals(CLIENT_ADDRESS, client.localAddress().getAddress());
    assertEquals(client.localAddress(), server.next().remoteAddress());
  }

  @Test
  void aPortWithoutAnyListenerIsRefusedAsByTcp() throws Exception {
    Channel listener = domains.bindAddress(server);
    InetSocketAddress address = (InetSocketAddress) listener.localAddress();
    listener.close().sync();

    ChannelFuture connect = domains.client(new Received()).connect(address).awaitUninterruptibly();

    ConnectException failure = assertInstanceOf(ConnectException.class, connect.cause());
    assertTrue(failure.getMessage().contains(address.toString()), failure.getMessage());
    done(connect.channel().closeFuture());
    assertNull(((XenShmSocketChannel) connect.channel()).path());
  }

  @Test
  void aCancelledConnectLeavesNoConnection() throws Exception {
    Channel listener =
        done(
            domains
                .server(server)
                .option(ChannelOption.AUTO_READ, false)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    ChannelFuture connect = domains.client(new Received()).connect(listener.localAddress());

    assertTrue(connect.cancel(false));
    done(connect.channel().closeFuture());

    listener.config().setAutoRead(true);
    exchange(listener, XenShmPathReason.CO_RESIDENT);
    server.next();
    assertTrue(server.accepted.isEmpty(), "a connection that its client gave up was accepted");
  }

  @Test
  void theWholeConnectTimeoutBoundsBothPaths() throws Exception {
    domains.clientPeers.answer(SERVER_ADDRESS, new CompletableFuture<>());
    long start = System.nanoTime();

    ChannelFuture connect =
        domains
            .client(new Received())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, SHORT_TIMEOUT_MILLIS)
            .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
            .connect(new InetSocketAddress(SERVER_ADDRESS, 1))
            .awaitUninterruptibly();

    assertInstanceOf(ConnectTimeoutException.class, connect.cause());
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    assertTrue(millis < 20 * SHORT_TIMEOUT_MILLIS, millis + " ms");
  }
}
