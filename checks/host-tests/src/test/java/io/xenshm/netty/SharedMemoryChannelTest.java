package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.SERVER;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedMemoryChannelTest {
  private static final int RING = XenShmSocketChannelConfig.DEFAULT_RING_SIZE;
  private static final int PAGES = 1 + 2 * RING / Xen.PAGE_SIZE;

  @TempDir Path directory;
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  @Sharable
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.write(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      ctx.flush();
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static ByteBuf buffer(byte[] bytes) {
    return Unpooled.wrappedBuffer(bytes);
  }

  @Test
  void echoesOverSharedMemory() throws Exception {
    Channel listener = domains.bind(new Echo());
    Received received = new Received();
    Channel client = domains.connect(received, listener);
    byte[] sent = random(5000);

    client.writeAndFlush(buffer(sent)).sync();

    assertArrayEquals(sent, received.awaitBytes(sent.length));
    assertSame(XenShmPath.SHARED_MEMORY, ((XenShmSocketChannel) client).path());
  }

  @Test
  void carriesManyRingsFullUnchanged() throws Exception {
    Channel listener = domains.bind(new Echo());
    Received received = new Received();
    Channel client = domains.connect(received, listener);
    byte[] sent = random(40 * RING + 17);

    client.writeAndFlush(buffer(sent)).sync();

    assertArrayEquals(sent, received.awaitBytes(sent.length));
  }

  @Test
  void bothEndsKnowEachOthersAddress() throws Exception {
    Received server = new Received();
    Channel listener = domains.bind(server);
    Channel client = domains.connect(new Received(), listener);
    Channel child = get(server.active).channel();

    assertEquals(listener.localAddress(), client.remoteAddress());
    assertEquals(client.localAddress(), child.remoteAddress());
    assertEquals(listener.localAddress(), child.localAddress());
    assertEquals(CLIENT, ((XenShmAddress) child.remoteAddress()).domainId());
    assertSame(listener, child.parent());
  }

  @Test
  void connectToPortWithoutListenerNamesDomainAndPort() {
    ChannelFuture connect =
        domains
            .client(new Received())
            .connect(new XenShmAddress(SERVER, 4711))
            .awaitUninterruptibly();

    ConnectException failure = assertInstanceOf(ConnectException.class, connect.cause());
    assertTrue(failure.getMessage().contains("domain 1"), failure.getMessage());
    assertTrue(failure.getMessage().contains("4711"), failure.getMessage());
    done(connect.channel().closeFuture());
  }

  @Test
  void connectToOwnDomainIsRefused() {
    ChannelFuture connect =
        domains
            .client(new Received())
            .connect(new XenShmAddress(CLIENT, 4711))
            .awaitUninterruptibly();

    ConnectException failure = assertInstanceOf(ConnectException.class, connect.cause());
    assertTrue(
        failure.getMessage().contains("domain " + CLIENT + " is this one"), failure.getMessage());
  }

  @Test
  void connectToListenerThatDoesNotAcceptTimesOutAndLeavesNothing() throws Exception {
    Channel listener =
        done(
            domains
                .server(new Received())
                .option(ChannelOption.AUTO_READ, false)
                .bind(new XenShmAddress(SERVER, 0)));
    int nodes = domains.host.accounting(CLIENT).xenStoreNodes();

    ChannelFuture connect =
        domains
            .client(new Received())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 300)
            .connect(listener.localAddress())
            .awaitUninterruptibly();

    assertInstanceOf(ConnectTimeoutException.class, connect.cause());
    domains.shutDownLoops();
    assertEquals(0, domains.host.accounting(CLIENT).grantedPages());
    assertEquals(0, domains.host.accounting(CLIENT).ports());
    assertTrue(domains.host.accounting(CLIENT).xenStoreNodes() <= nodes + 4);
  }

  @Test
  void bindingAPortTwiceFails() {
    Channel listener = domains.bind(new Echo());

    ChannelFuture second =
        domains.server(new Echo()).bind(listener.localAddress()).awaitUninterruptibly();

    assertInstanceOf(BindException.class, second.cause());
  }

  @Test
  void bindingAnotherDomainsAddressFails() {
    ChannelFuture bind =
        domains.server(new Echo()).bind(new XenShmAddress(CLIENT, 4711)).awaitUninterruptibly();

    assertInstanceOf(BindException.class, bind.cause());
  }

  @Test
  void aPortCanBeBoundAgainAtOnce() throws Exception {
    Channel listener = domains.bind(new Echo());
    XenShmAddress address = (XenShmAddress) listener.localAddress();
    for (int i = 0; i < 5; i++) {
      listener.close().sync();
      listener = done(domains.server(new Echo()).bind(address));
    }
    Received received = new Received();
    Channel client = domains.connect(received, listener);
    client.writeAndFlush(buffer(random(10))).sync();
    received.awaitBytes(10);
  }

  @Test
  void closingOneEndMakesTheOtherInactive() throws Exception {
    Received server = new Received();
    Channel listener = domains.bind(server);
    Channel client = domains.connect(new Received(), listener);
    get(server.active);

    client.close().sync();

    get(server.inactive);
    assertFalse(server.exception.isDone());
  }

  @Test
  void whatWasWrittenBeforeCloseArrives() throws Exception {
    Received server = new Received();
    Channel listener = domains.bind(server);
    Channel client = domains.connect(new Received(), listener);
    byte[] sent = random(RING / 2);

    client.writeAndFlush(buffer(sent)).addListener(done -> client.close());

    assertArrayEquals(sent, server.awaitBytes(sent.length));
    get(server.inactive);
  }

  @Test
  void halfClosedConnectionStillAnswers() throws Exception {
    Received server = new Received();
    Channel listener =
        done(
            domains
                .server(server)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .bind(new XenShmAddress(SERVER, 0)));
    Received received = new Received();
    XenShmSocketChannel client = (XenShmSocketChannel) domains.connect(received, listener);

    client.writeAndFlush(buffer(random(100))).sync();
    client.shutdownOutput().sync();

    server.awaitBytes(100);
    assertSame(ChannelInputShutdownEvent.INSTANCE, server.nextEvent());
    assertTrue(client.isOutputShutdown());
    assertFalse(client.isInputShutdown());
    Channel child = get(server.active).channel();
    child.writeAndFlush(buffer(random(200))).sync();
    assertArrayEquals(random(200), received.awaitBytes(200));
    child.close().sync();
    get(received.inactive);
  }

  @Test
  void writingAfterOutputShutdownFails() throws Exception {
    Channel listener = domains.bind(new Received());
    XenShmSocketChannel client = (XenShmSocketChannel) domains.connect(new Received(), listener);
    client.shutdownOutput().sync();

    ChannelFuture write = client.writeAndFlush(buffer(random(1))).awaitUninterruptibly();

    assertInstanceOf(IOException.class, write.cause());
  }

  @Test
  void writingAfterCloseFails() throws Exception {
    Channel client = domains.connect(new Received(), domains.bind(new Received()));
    client.close().sync();

    ChannelFuture write = client.writeAndFlush(buffer(random(1))).awaitUninterruptibly();

    assertInstanceOf(ClosedChannelException.class, write.cause());
  }

  @Test
  void unsupportedMessageFailsItsPromiseOnly() throws Exception {
    Received received = new Received();
    Channel client = domains.connect(received, domains.bind(new Echo()));

    ChannelFuture write = client.writeAndFlush("text").awaitUninterruptibly();
    client.writeAndFlush(buffer(random(3))).sync();

    assertInstanceOf(UnsupportedOperationException.class, write.cause());
    received.awaitBytes(3);
  }

  @Test
  void unreadDataMakesTheWriterUnwritableAndReadingMakesItWritableAgain() throws Exception {
    Received server = new Received();
    Channel listener =
        done(
            domains
                .server(server)
                .childOption(ChannelOption.AUTO_READ, false)
                .bind(new XenShmAddress(SERVER, 0)));
    Channel client =
        done(
            domains
                .client(new Received())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(1024, 4096))
                .connect(listener.localAddress()));
    byte[] sent = random(3 * RING);

    ChannelFuture written = client.writeAndFlush(buffer(sent));
    client.eventLoop().submit(() -> {}).sync();
    assertFalse(client.isWritable());
    assertFalse(written.isDone());
    assertEquals(0, server.count());

    get(server.active).channel().config().setAutoRead(true);
    assertArrayEquals(sent, server.awaitBytes(sent.length));
    written.sync();
    assertTrue(client.isWritable());
  }

  @Test
  void manualReadDeliversOneMessageEach() throws Exception {
    Received server = new Received();
    Channel listener =
        done(
            domains
                .server(server)
                .childOption(ChannelOption.AUTO_READ, false)
                .bind(new XenShmAddress(SERVER, 0)));
    Channel client = domains.connect(new Received(), listener);
    client.writeAndFlush(buffer(random(250))).sync();
    Channel child = get(server.active).channel();
    child.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(100));

    child.read();
    server.awaitBytes(100);
    child.eventLoop().submit(() -> {}).sync();
    assertEquals(100, server.count());
    child.read();
    server.awaitBytes(200);
    child.read();
    assertArrayEquals(random(250), server.awaitBytes(250));
  }

  @Test
  void buffersOfAllKindsAndFilesKeepTheirOrder() throws Exception {
    Received server = new Received();
    Channel client = domains.connect(new Received(), domains.bind(server));
    byte[] content = random(3 * RING + 5);
    Path file = Files.write(directory.resolve("file"), content);

    client.write(buffer(new byte[] {1}));
    client.write(client.alloc().directBuffer().writeByte(2));
    client.write(client.alloc().heapBuffer().writeByte(3));
    client.write(
        client
            .alloc()
            .compositeBuffer()
            .addComponents(true, buffer(new byte[] {4}), buffer(new byte[] {5})));
    client.write(Unpooled.EMPTY_BUFFER);
    client.write(new DefaultFileRegion(file.toFile(), 0, content.length));
    client.writeAndFlush(buffer(new byte[] {6})).sync();

    byte[] received = server.awaitBytes(content.length + 6);
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, java.util.Arrays.copyOf(received, 5));
    assertArrayEquals(content, java.util.Arrays.copyOfRange(received, 5, 5 + content.length));
    assertEquals(6, received[received.length - 1]);
  }

  @Test
  void fileRegionLongerThanItsFileFails() throws Exception {
    Channel client = domains.connect(new Received(), domains.bind(new Received()));
    Path file = Files.write(directory.resolve("short"), random(100));

    ChannelFuture write =
        client.writeAndFlush(new DefaultFileRegion(file.toFile(), 0, 200)).awaitUninterruptibly();

    assertInstanceOf(IOException.class, write.cause());
  }

  @Test
  void manyConnectionsAcrossLoopsDoNotMix() throws Exception {
    Channel listener = domains.bind(new Echo());
    List<Channel> clients = new ArrayList<>();
    List<Received> all = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Received received = new Received();
      all.add(received);
      clients.add(domains.connect(received, listener));
    }
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < clients.size(); i++) {
        clients.get(i).writeAndFlush(buffer(random(1000 + i)));
      }
    }
    for (int i = 0; i < clients.size(); i++) {
      byte[] bytes = all.get(i).awaitBytes(5 * (1000 + i));
      assertArrayEquals(random(1000 + i), java.util.Arrays.copyOf(bytes, 1000 + i));
    }
  }

  @Test
  void ringSizeThatIsNoPowerOfTwoIsNamed() {
    XenShmSocketChannel channel = new XenShmSocketChannel();

    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> channel.config().setOption(XenShmChannelOption.XENSHM_RING_SIZE, 5000));

    assertTrue(failure.getMessage().contains("5000"), failure.getMessage());
    channel.unsafe().closeForcibly();
  }

  @Test
  void smallestAndLargestRingWork() throws Exception {
    Channel listener = domains.bind(new Echo());
    for (int size : new int[] {4096, 1 << 20}) {
      Received received = new Received();
      Channel client =
          done(
              domains
                  .client(received)
                  .option(XenShmChannelOption.XENSHM_RING_SIZE, size)
                  .connect(listener.localAddress()));
      byte[] sent = random(3 * size + 1);
      client.writeAndFlush(buffer(sent)).sync();
      assertArrayEquals(sent, received.awaitBytes(sent.length));
      client.close().sync();
    }
  }

  @Test
  void theNextConnectionOverTheGrantLimitFailsAndNamesIt() throws Exception {
    Channel listener = domains.bind(new Echo());
    List<Channel> clients = new ArrayList<>();
    ChannelFuture last;
    do {
      last = domains.client(new Echo()).connect(listener.localAddress()).awaitUninterruptibly();
      clients.add(last.channel());
    } while (last.isSuccess());

    assertEquals(1024 / PAGES, clients.size() - 1);
    assertTrue(last.cause().getMessage().contains("1024"), last.cause().getMessage());
  }

  @Test
  void deathOfThePeersProcessIsReported() throws Exception {
    Received received = new Received();
    Received server = new Received();
    Channel client = domains.connect(received, domains.bind(server));
    get(server.active);

    domains.serverXen.crash();

    assertInstanceOf(IOException.class, get(received.exception));
    get(received.inactive);
    assertFalse(client.isOpen());
  }

  @Test
  void deathOfThePeersDomainIsReported() throws Exception {
    Received received = new Received();
    Received server = new Received();
    Channel client = domains.connect(received, domains.bind(server));
    get(server.active);

    domains.host.destroyDomain(SERVER);

    assertInstanceOf(IOException.class, get(received.exception));
    get(received.inactive);
    assertFalse(client.isOpen());
  }

  @Test
  void aNewDomainWithTheNumberOfOneThatIsGoneIsReached() throws Exception {
    domains.connect(new Received(), domains.bind(new Echo())).close().sync();
    domains.host.destroyDomain(SERVER);
    domains.host.addDomain(SimulatedDomain.of(SERVER));
    try (SimulatedXen xen = SimulatedXen.open(domains.host.directory(), SERVER)) {
      EventLoopGroup group =
          new MultiThreadIoEventLoopGroup(
              1, XenShmIoHandler.newFactory(xen, opened -> domains.serverPeers));
      Channel listener =
          done(
              new ServerBootstrap()
                  .group(group)
                  .channel(XenShmServerSocketChannel.class)
                  .childHandler(new Echo())
                  .bind(new XenShmAddress(SERVER, 0)));
      Received received = new Received();
      Channel client = domains.connect(received, listener);
      client.writeAndFlush(buffer(random(100))).sync();
      received.awaitBytes(100);
      client.close().sync();
      group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }
  }

  @Test
  void deathOfTheClientsDomainIsReportedToTheServer() throws Exception {
    Received server = new Received();
    domains.connect(new Received(), domains.bind(server));
    get(server.active);

    domains.host.destroyDomain(CLIENT);

    assertInstanceOf(IOException.class, get(server.exception));
    get(server.inactive);
  }

  @Test
  void closingTheLoopsGivesEverythingBack() throws Exception {
    Channel listener = domains.bind(new Echo());
    for (int i = 0; i < 10; i++) {
      Received received = new Received();
      Channel client = domains.connect(received, listener);
      client.writeAndFlush(buffer(random(100))).sync();
      received.awaitBytes(100);
      if (i % 2 == 0) {
        client.close().sync();
      }
    }

    domains.shutDownLoops();

    for (int domain : new int[] {SERVER, CLIENT}) {
      assertEquals(0, domains.host.accounting(domain).grantedPages(), "pages of " + domain);
      assertEquals(0, domains.host.accounting(domain).mappedPages(), "maps of " + domain);
      assertEquals(0, domains.host.accounting(domain).ports(), "ports of " + domain);
      assertEquals(0, domains.host.accounting(domain).xenStoreWatches(), "watches of " + domain);
    }
  }

  @Test
  void connectionsOneAfterTheOtherReuseMemory() throws Exception {
    Channel listener = domains.bind(new Echo());
    for (int i = 0; i < 200; i++) {
      Received received = new Received();
      Channel client = domains.connect(received, listener);
      client.writeAndFlush(buffer(random(10))).sync();
      received.awaitBytes(10);
      client.close().sync();
    }
    int pages = domains.host.accounting(CLIENT).grantedPages();
    assertTrue(pages <= 4 * PAGES, "granted pages: " + pages);
  }

  @Test
  void sleepingLoopsAreWokenByTheDoorbell() throws Exception {
    Channel listener =
        done(
            domains
                .server(new Echo())
                .childOption(XenShmChannelOption.XENSHM_SPIN_MICROS, 0)
                .bind(new XenShmAddress(SERVER, 0)));
    Received received = new Received();
    Channel client =
        done(
            domains
                .client(received)
                .option(XenShmChannelOption.XENSHM_SPIN_MICROS, 0)
                .connect(listener.localAddress()));
    for (int i = 1; i <= 2000; i++) {
      client.writeAndFlush(buffer(random(8))).sync();
      received.awaitBytes(8 * i);
    }
  }

  @Test
  void aChannelThatIsNotRegisteredReadsNothingUntilItIsAgain() throws Exception {
    Received server = new Received();
    Channel listener = domains.bind(server);
    Received received = new Received();
    Channel client = domains.connect(received, listener);
    Channel child = get(server.active).channel();
    EventLoop loop = client.eventLoop();

    done(client.deregister());
    child.writeAndFlush(buffer(random(20))).sync();
    loop.submit(() -> {}).sync();
    assertEquals(0, received.count());
    done(loop.register(client));

    assertArrayEquals(random(20), received.awaitBytes(20));
    client.writeAndFlush(buffer(random(30))).sync();
    assertArrayEquals(random(30), server.awaitBytes(30));
  }

  @Test
  void theEndOfTheInputIsToldWithoutARead() throws Exception {
    Received server = new Received();
    Channel listener = domains.bind(server);
    Received received = new Received();
    done(
        domains
            .client(received)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .connect(listener.localAddress()));

    ((XenShmSocketChannel) get(server.active).channel()).shutdownOutput().sync();

    assertSame(ChannelInputShutdownEvent.INSTANCE, received.nextEvent());
  }

  @Test
  void connectingTwiceFailsAndTheConnectionStays() throws Exception {
    Received server = new Received();
    Channel listener = domains.bind(server);
    Channel client = domains.connect(new Received(), listener);

    ChannelFuture again = client.connect(listener.localAddress()).awaitUninterruptibly();

    assertInstanceOf(AlreadyConnectedException.class, again.cause());
    client.writeAndFlush(buffer(random(10))).sync();
    server.awaitBytes(10);
  }
}
