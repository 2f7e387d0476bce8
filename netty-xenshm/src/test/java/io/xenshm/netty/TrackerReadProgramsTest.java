package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.ThreeWays.buffer;
import static io.xenshm.netty.ThreeWays.pipeline;
import static io.xenshm.netty.ThreeWays.random;
import static io.xenshm.netty.ThreeWays.settle;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that read, after reports in Netty's tracker; docs/netty-testsuite.md says which. Each
 * has the same outcome over epoll.
 */
class TrackerReadProgramsTest {
  private static final int LARGE = 2 << 20;

  /** Spares the loops a queue of tasks that only grows. */
  private static final long SWITCH_PAUSE_NANOS = 50_000;

  private ThreeWays ways;
  private final Received server = new Received();

  @BeforeEach
  void start() throws IOException {
    ways = new ThreeWays();
  }

  @AfterEach
  void stop() {
    ways.close();
  }

  /** Answers whatever comes. */
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.writeAndFlush(message, ctx.voidPromise());
    }

    @Override
    public boolean isSharable() {
      return true;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfTheInputIsToldInTwoEventsWhereNobodyReads(Way way) throws Exception {
    Channel listener =
        ways.bind(
            ways.server(way, server)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.AUTO_READ, false));
    SocketChannel client = ways.connect(way, new Received(), listener);
    Channel child = get(server.active).channel();

    done(client.shutdownOutput());

    assertSame(ChannelInputShutdownEvent.INSTANCE, server.nextEvent());
    assertSame(ChannelInputShutdownReadComplete.INSTANCE, server.nextEvent());
    settle(child);
    assertTrue(server.events.isEmpty(), server.events::toString);
    assertTrue(child.isActive());
  }

  @ParameterizedTest
  @EnumSource
  void allBytesComeBeforeTheEndOfTheInputWhereReadsAreAskedFor(Way way) throws Exception {
    Channel listener =
        ways.bind(
            ways.server(way, server)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.AUTO_READ, false));
    SocketChannel client = ways.connect(way, new Received(), listener);
    Channel child = get(server.active).channel();
    done(client.writeAndFlush(buffer(random(60_000))));
    done(client.shutdownOutput());

    List<Object> events = new ArrayList<>();
    while (!events.contains(ChannelInputShutdownReadComplete.INSTANCE)) {
      child.read();
      settle(child);
      server.events.drainTo(events);
    }

    assertArrayEquals(random(60_000), server.awaitBytes(60_000));
    assertEquals(
        List.of(ChannelInputShutdownEvent.INSTANCE, ChannelInputShutdownReadComplete.INSTANCE),
        events);
  }

  @ParameterizedTest
  @EnumSource
  void aHalfClosedConnectionThatIsResetEndsWithTheNextWrites(Way way) throws Exception {
    Channel listener =
        ways.bind(ways.server(way, server).childOption(ChannelOption.ALLOW_HALF_CLOSURE, true));
    SocketChannel client = ways.connect(way, new Received(), listener);
    Channel child = get(server.active).channel();
    done(client.shutdownOutput());
    assertSame(ChannelInputShutdownEvent.INSTANCE, server.nextEvent());

    client.config().setSoLinger(0);
    done(client.close());
    ChannelFuture write;
    do {
      write = child.writeAndFlush(buffer((byte) 1)).awaitUninterruptibly();
    } while (write.isSuccess());

    assertInstanceOf(IOException.class, write.cause());
    get(server.inactive);
  }

  @ParameterizedTest
  @EnumSource
  void aReadIsNotForgottenWhereAutoReadWasSwitchedOffJustBefore(Way way) throws Exception {
    ChannelInboundHandlerAdapter late =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.channel().config().setAutoRead(false);
            ctx.fireChannelRead(message);
          }

          @Override
          public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.read();
          }
        };
    Channel listener = ways.bind(way, pipeline(late, server));
    SocketChannel client = ways.connect(way, new Received(), listener);

    done(client.writeAndFlush(buffer(random(LARGE))));

    assertArrayEquals(random(LARGE), server.awaitBytes(LARGE));
  }

  @ParameterizedTest
  @EnumSource
  void requestsAreAnsweredWhereEachAnswerIsReadByHand(Way way) throws Exception {
    Channel listener = ways.bind(way, new Echo());
    Received received = new Received();
    SocketChannel client =
        ways.connect(ways.client(way, received).option(ChannelOption.AUTO_READ, false), listener);
    int total = 0;
    for (int i = 1; i <= 300; i++) {
      done(client.writeAndFlush(buffer(random(i % 7 * 300 + 1))));
      total += i % 7 * 300 + 1;
      while (received.count() < total) {
        client.read();
        settle(client);
      }
    }

    assertEquals(total, received.count());
  }

  @ParameterizedTest
  @EnumSource
  void everyAnswerOfAConnectionThatIsKeptComesWhole(Way way) throws Exception {
    Channel listener = ways.bind(way, new Echo());
    Received received = new Received();
    SocketChannel client = ways.connect(way, received, listener);
    int[] sizes = {1, 2047, 2048, 2049, 16_383, 16_384, 16_385, 65_535, 65_536, 131_072, 131_073};
    int total = 0;
    for (int round = 0; round < 20; round++) {
      for (int size : sizes) {
        client.writeAndFlush(buffer(random(size)));
        total += size;
        received.awaitBytes(total);
      }
    }

    assertEquals(total, received.count());
  }

  @ParameterizedTest
  @EnumSource
  void aDecoderAsksForMoreUntilItHasALineAndNoFurther(Way way) throws Exception {
    Channel listener =
        ways.bind(
            ways.server(way, pipeline(new LineBasedFrameDecoder(1000), server))
                .childOption(ChannelOption.AUTO_READ, false));
    SocketChannel client = ways.connect(way, new Received(), listener);
    Channel child = get(server.active).channel();

    child.read();
    for (String part : List.of("a", "bc", "def", "g\n")) {
      done(client.writeAndFlush(Unpooled.copiedBuffer(part, StandardCharsets.US_ASCII)));
      settle(child);
    }
    server.awaitBytes(7);
    done(client.writeAndFlush(Unpooled.copiedBuffer("next\n", StandardCharsets.US_ASCII)));
    settle(child);

    assertEquals(7, server.count());
    child.read();
    assertEquals("abcdefgnext", new String(server.awaitBytes(11), StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @EnumSource
  void noReadIsLargerThanTheAllocatorsMaximum(Way way) throws Exception {
    AtomicInteger largest = new AtomicInteger();
    ChannelInboundHandlerAdapter measure =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            largest.accumulateAndGet(((ByteBuf) message).capacity(), Math::max);
            ctx.fireChannelRead(message);
          }
        };
    Channel listener =
        ways.bind(
            ways.server(way, pipeline(measure, server))
                .childOption(
                    ChannelOption.RECVBUF_ALLOCATOR,
                    new AdaptiveRecvByteBufAllocator(64, 9000, 9000)));
    SocketChannel client = ways.connect(way, new Received(), listener);

    done(client.writeAndFlush(buffer(random(LARGE))));

    assertArrayEquals(random(LARGE), server.awaitBytes(LARGE));
    assertTrue(largest.get() <= 9000, largest + " bytes");
  }

  @ParameterizedTest
  @EnumSource
  void theEventsOfAConnectionThatAHandlerClosesAreInOrder(Way way) throws Exception {
    Queue<String> events = new ConcurrentLinkedQueue<>();
    ChannelInboundHandlerAdapter closing =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRegistered(ChannelHandlerContext ctx) {
            events.add("registered");
          }

          @Override
          public void channelActive(ChannelHandlerContext ctx) {
            events.add("active");
          }

          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            events.add("read");
            ctx.fireChannelRead(message);
            ctx.close();
          }

          @Override
          public void channelReadComplete(ChannelHandlerContext ctx) {
            events.add("read complete");
          }

          @Override
          public void channelInactive(ChannelHandlerContext ctx) {
            events.add("inactive");
          }

          @Override
          public void channelUnregistered(ChannelHandlerContext ctx) {
            events.add("unregistered");
            ctx.fireChannelInactive(); // tells the test
          }
        };
    Channel listener = ways.bind(way, pipeline(closing, server));
    Received received = new Received();
    SocketChannel client = ways.connect(way, received, listener);

    client.writeAndFlush(buffer(random(100_000)));

    get(server.inactive);
    get(received.inactive);
    assertEquals(
        List.of("registered", "active", "read", "read complete", "inactive", "unregistered"),
        List.copyOf(events));
  }

  @ParameterizedTest
  @EnumSource
  void autoReadMayBeSwitchedWhileTheChannelChangesItsLoop(Way way) throws Exception {
    Channel listener = ways.bind(way, server);
    Received received = new Received();
    SocketChannel client = ways.connect(way, received, listener);
    Channel child = get(server.active).channel();
    AtomicBoolean end = new AtomicBoolean();
    Thread switcher =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (boolean on = false; !end.get(); on = !on) {
                    client.config().setAutoRead(on);
                    LockSupport.parkNanos(SWITCH_PAUSE_NANOS);
                  }
                });
    for (int i = 0; i < 50; i++) {
      EventLoop next = ways.clientLoops(way).next();
      done(client.deregister());
      client.read();
      child.writeAndFlush(buffer(random(10_000)));
      done(next.register(client));
    }
    end.set(true);
    switcher.join();
    client.config().setAutoRead(true);

    received.awaitBytes(500_000);
    assertFalse(received.exception.isDone(), () -> received.exception.toString());
  }

  @ParameterizedTest
  @EnumSource
  void aMovedChannelsHandlersRunOnItsNewLoop(Way way) throws Exception {
    Queue<String> wrong = new ConcurrentLinkedQueue<>();
    ChannelInboundHandlerAdapter checking =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!ctx.channel().eventLoop().inEventLoop()
                || !ctx.executor().equals(ctx.channel().eventLoop())) {
              wrong.add(Thread.currentThread() + " for " + ctx.executor());
            }
            ctx.fireChannelRead(message);
          }
        };
    Channel listener = ways.bind(way, new Echo());
    Received received = new Received();
    SocketChannel client = ways.connect(way, pipeline(checking, received), listener);
    for (int i = 1; i <= 10; i++) {
      EventLoop next = ways.clientLoops(way).next();
      done(client.deregister());
      done(next.register(client));
      assertSame(next, client.eventLoop());
      client.writeAndFlush(buffer(random(1000)));
      received.awaitBytes(1000 * i);
    }

    assertTrue(wrong.isEmpty(), wrong::toString);
  }

  @ParameterizedTest
  @EnumSource
  void anEventLoopThatIsRunByHandCarriesAConnection(Way way) throws Exception {
    Channel listener = ways.bind(way, new Echo());
    Received received = new Received();
    ManualIoEventLoop loop =
        new ManualIoEventLoop(
            Thread.currentThread(),
            way == Way.EPOLL
                ? EpollIoHandler.newFactory()
                : XenShmIoHandler.newFactory(
                    ways.domains.clientXen, xen -> ways.domains.clientPeers));
    ChannelFuture connect = ways.client(way, received).clone(loop).connect(listener.localAddress());
    runUntil(loop, connect::isDone);
    for (int i = 1; i <= 100; i++) {
      int total = 1000 * i;
      connect.channel().writeAndFlush(buffer(random(1000)));
      runUntil(loop, () -> received.count() == total);
    }
    loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    runUntil(loop, loop::isTerminated);

    assertFalse(connect.channel().isOpen());
  }

  private static void runUntil(ManualIoEventLoop loop, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      loop.run(TimeUnit.MILLISECONDS.toNanos(1));
      assertTrue(System.nanoTime() < deadline, "waited in vain");
    }
  }
}
