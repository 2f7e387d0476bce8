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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Connections through shared memory that are registered with another event loop than the one that
 * their event channel belongs to.
 */
class MovedChannelTest {
  private static final int LARGE = 6 << 20;
  private static final int MOVES = 40;
  private static final int TIMEOUT_SECONDS = 20;

  /** Which end of the connection moves. */
  enum End {
    CLIENT_END,
    SERVER_END
  }

  private final Received received = new Received();
  private final Received peerReceived = new Received();
  private TwoDomains domains;
  private EventLoopGroup first;
  private EventLoopGroup second;

  /** The end that moves, and the other one. */
  private Channel moving;

  private Channel peer;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    terminate(first);
    terminate(second);
    domains.close();
  }

  private static void terminate(EventLoopGroup group) {
    if (group != null) {
      group.shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS);
      assertTrue(group.terminationFuture().awaitUninterruptibly(TIMEOUT_SECONDS, TimeUnit.SECONDS));
    }
  }

  private EventLoopGroup newLoop(End end) {
    return new MultiThreadIoEventLoopGroup(
        1,
        end == End.CLIENT_END
            ? XenShmIoHandler.newFactory(domains.clientXen, xen -> domains.clientPeers)
            : XenShmIoHandler.newFactory(domains.serverXen, xen -> domains.serverPeers));
  }

  private void connect(End end) throws Exception {
    connect(end, received);
  }

  private void connect(End end, ChannelHandler handler) throws Exception {
    first = newLoop(end);
    second = newLoop(end);
    boolean clientMoves = end == End.CLIENT_END;
    CompletableFuture<Channel> accepted = new CompletableFuture<>();
    ChannelInitializer<Channel> child =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(clientMoves ? peerReceived : handler);
            accepted.complete(channel);
          }
        };
    Channel listener =
        done(
            new ServerBootstrap()
                .group(domains.serverBoss, clientMoves ? domains.serverWorkers : first)
                .channel(XenShmServerSocketChannel.class)
                .childHandler(child)
                .bind(new XenShmAddress(SERVER, 0)));
    Channel client =
        done(
            new Bootstrap()
                .group(clientMoves ? first : domains.clientLoops)
                .channel(XenShmSocketChannel.class)
                .handler(clientMoves ? handler : peerReceived)
                .connect(listener.localAddress()));
    moving = clientMoves ? client : get(accepted);
    peer = clientMoves ? get(accepted) : client;
    get(peerReceived.active);
  }

  private void move(EventLoopGroup to) {
    done(moving.deregister());
    done(to.register(moving));
    assertSame(to.next(), moving.eventLoop());
  }

  private void exchange(int size) throws Exception {
    byte[] bytes = random(size);
    int before = received.count();
    int peerBefore = peerReceived.count();
    moving.writeAndFlush(Unpooled.wrappedBuffer(bytes)).sync();
    peer.writeAndFlush(Unpooled.wrappedBuffer(bytes)).sync();
    assertEquals(before + size, received.awaitBytes(before + size).length);
    assertEquals(peerBefore + size, peerReceived.awaitBytes(peerBefore + size).length);
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  /** Nothing of either domain is left. */
  private void assertAllIsGivenBack() throws IOException {
    terminate(first);
    terminate(second);
    domains.shutDownLoops();
    for (int domain : new int[] {SERVER, CLIENT}) {
      assertEquals(0, domains.host.accounting(domain).grantedPages(), "pages of " + domain);
      assertEquals(0, domains.host.accounting(domain).mappedPages(), "maps of " + domain);
      assertEquals(0, domains.host.accounting(domain).ports(), "ports of " + domain);
    }
  }

  private void assertSaysThatTheFirstLoopEnded() throws Exception {
    IOException cause = assertInstanceOf(IOException.class, get(received.exception));
    assertTrue(cause.getMessage().contains("first registered with"), cause.getMessage());
    done(moving.closeFuture());
    assertFalse(moving.isOpen());
  }

  @ParameterizedTest
  @EnumSource
  void goesOnOnAnotherLoopAndBackOnTheFirst(End end) throws Exception {
    connect(end);
    exchange(1000);

    move(second);
    exchange(3000);
    move(first);
    exchange(2000);
    move(second);
    exchange(5000);

    moving.close().sync();
    peer.close().sync();
    assertAllIsGivenBack();
  }

  /** Answers with what it gets. */
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

  @ParameterizedTest
  @EnumSource
  void movesUnderTrafficLoseNothing(End end) throws Exception {
    connect(end, new Echo());
    byte[] content = random(LARGE);
    for (int i = 0; i < MOVES; i++) {
      int size = LARGE / MOVES;
      ByteBuf part = Unpooled.wrappedBuffer(content, i * size, size);
      peer.writeAndFlush(part, peer.voidPromise());
      move(i % 2 == 0 ? second : first);
    }
    peer.writeAndFlush(
        Unpooled.wrappedBuffer(content, LARGE / MOVES * MOVES, LARGE % MOVES), peer.voidPromise());

    assertArrayEquals(content, peerReceived.awaitBytes(LARGE));
    assertFalse(peerReceived.exception.isDone());
  }

  @ParameterizedTest
  @EnumSource
  void isClosedWhereTheFirstLoopEnds(End end) throws Exception {
    connect(end);
    move(second);
    exchange(100);

    terminate(first);

    assertSaysThatTheFirstLoopEnded();
    done(peer.closeFuture());
    assertFalse(peerReceived.exception.isDone());
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void isClosedWhereTheSecondLoopEndsAndTheFirstGoesOn(End end) throws Exception {
    connect(end);
    move(second);
    exchange(100);

    terminate(second);

    done(moving.closeFuture());
    done(peer.closeFuture());
    assertFalse(peerReceived.exception.isDone());
    first.submit(() -> {}).sync();
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void isClosedWhereBothLoopsEndAtOnce(End end) throws Exception {
    connect(end);
    move(second);

    second.shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS);
    terminate(first);
    terminate(second);

    done(moving.closeFuture());
    done(peer.closeFuture());
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void aLoopThatIsBlockedDoesNotKeepTheFirstFromEnding(End end) throws Exception {
    connect(end);
    move(second);
    CompletableFuture<Void> blocked = new CompletableFuture<>();
    second.execute(blocked::join);

    terminate(first);
    blocked.complete(null);

    assertSaysThatTheFirstLoopEnded();
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void whatWasWrittenBeforeACloseOnTheSecondLoopArrives(End end) throws Exception {
    connect(end);
    move(second);
    byte[] content = random(50_000);

    moving.writeAndFlush(Unpooled.wrappedBuffer(content));
    moving.close().sync();

    assertArrayEquals(content, peerReceived.awaitBytes(content.length));
    get(peerReceived.inactive);
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void canBeClosedWhileNoLoopHasIt(End end) throws Exception {
    connect(end);
    done(moving.deregister());

    moving.close().sync();

    get(peerReceived.inactive);
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void isClosedWhereTheFirstLoopEndsWhileNoLoopHasIt(End end) throws Exception {
    connect(end);
    done(moving.deregister());

    terminate(first);

    assertSaysThatTheFirstLoopEnded();
    ChannelFuture late = second.register(moving).awaitUninterruptibly();
    assertInstanceOf(IOException.class, late.cause());
    assertAllIsGivenBack();
  }

  @ParameterizedTest
  @EnumSource
  void anOutputThatIsShutDownWhileNoLoopHasItIsToldLater(End end) throws Exception {
    connect(end);
    ((XenShmSocketChannel) peer).config().setAllowHalfClosure(true);
    done(moving.deregister());

    ((XenShmSocketChannel) moving).shutdownOutput().sync();
    done(second.register(moving));

    assertSame(ChannelInputShutdownEvent.INSTANCE, peerReceived.nextEvent());
    peer.writeAndFlush(Unpooled.wrappedBuffer(random(100))).sync();
    assertArrayEquals(random(100), received.awaitBytes(100));
  }

  @ParameterizedTest
  @EnumSource
  void theDeathOfThePeersProcessIsToldOnTheSecondLoop(End end) throws Exception {
    connect(end);
    move(second);

    (end == End.CLIENT_END ? domains.serverXen : domains.clientXen).crash();

    assertInstanceOf(IOException.class, get(received.exception));
    done(moving.closeFuture());
  }

  @ParameterizedTest
  @EnumSource
  void theDeathOfThePeersDomainIsToldOnTheSecondLoop(End end) throws Exception {
    connect(end);
    move(second);

    domains.host.destroyDomain(end == End.CLIENT_END ? SERVER : CLIENT);

    assertInstanceOf(IOException.class, get(received.exception));
    done(moving.closeFuture());
  }

  @Test
  void aConnectThatIsUnderWayEndsBeforeTheChannelMoves() throws Exception {
    Channel listener =
        done(
            domains
                .server(peerReceived)
                .option(ChannelOption.AUTO_READ, false)
                .bind(new XenShmAddress(SERVER, 0)));
    moving = done(domains.client(received).register());
    ChannelFuture connect = moving.connect(listener.localAddress());
    EventLoop connecting = moving.eventLoop();
    ChannelFuture deregistered = moving.deregister();

    listener.config().setAutoRead(true);
    done(connect);
    done(deregistered);
    EventLoop other = domains.clientLoops.next();
    done((other.equals(connecting) ? domains.clientLoops.next() : other).register(moving));

    peer = get(peerReceived.active).channel();
    exchange(1000);
  }

  @Test
  void aListenerThatMovedGoesOnAccepting() throws Exception {
    EventLoopGroup third = newLoop(End.SERVER_END);
    try {
      Channel listener = domains.bindAddress(peerReceived);
      done(listener.deregister());
      ChannelFuture early =
          domains
              .client(received)
              .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
              .connect(listener.localAddress());
      done(third.register(listener));

      moving = done(early);
      peer = get(peerReceived.active).channel();
      exchange(1000);
    } finally {
      terminate(third);
    }
  }
}
