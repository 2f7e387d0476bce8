package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.ThreeWays.buffer;
import static io.xenshm.netty.ThreeWays.pipeline;
import static io.xenshm.netty.ThreeWays.random;
import static io.xenshm.netty.ThreeWays.settle;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.concurrent.atomic.AtomicInteger;
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
    Channel listener = ways.bind(way, ThreeWays.echo());
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
    Channel listener = ways.bind(way, ThreeWays.echo());
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
}
