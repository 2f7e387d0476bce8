package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.ThreeWays.buffer;
import static io.xenshm.netty.ThreeWays.onLoop;
import static io.xenshm.netty.ThreeWays.pipeline;
import static io.xenshm.netty.ThreeWays.random;
import static io.xenshm.netty.ThreeWays.settle;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.stream.ChunkedStream;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that write and close, after reports in Netty's tracker; docs/netty-testsuite.md says
 * which. Each has the same outcome over epoll.
 */
class TrackerWriteProgramsTest {
  private static final int LARGE = 4 << 20;

  /** What Netty's queue counts for a message beside its bytes. */
  private static final int OVERHEAD = 96;

  @TempDir Path directory;
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

  private SocketChannel connect(Way way) {
    return ways.connect(way, new Received(), ways.bind(way, server));
  }

  @ParameterizedTest
  @EnumSource
  void aRegionIsNotAskedAgainOnceAllOfItIsTransferred(Way way) throws Exception {
    SocketChannel client = connect(way);
    FramedRegion region = new FramedRegion(1_000_000, new byte[] {7});

    TwoDomains.done(client.writeAndFlush(region));
    TwoDomains.done(client.writeAndFlush(buffer((byte) 8)));

    assertArrayEquals(new byte[] {7, 8}, server.awaitBytes(2));
    assertEquals(1, region.calls());
  }

  @ParameterizedTest
  @EnumSource
  void aRegionMayWriteMoreThanItsCount(Way way) throws Exception {
    SocketChannel client = connect(way);

    TwoDomains.done(client.writeAndFlush(new FramedRegion(10, random(5000))));
    TwoDomains.done(client.writeAndFlush(buffer((byte) 8)));

    byte[] bytes = server.awaitBytes(5001);
    assertArrayEquals(random(5000), Arrays.copyOf(bytes, 5000));
    assertEquals(8, bytes[5000]);
  }

  @ParameterizedTest
  @EnumSource
  void regionsOfNothingAndOfTheMiddleOfAFileKeepTheirPlace(Way way) throws Exception {
    Path file = Files.write(directory.resolve("file"), random(LARGE));
    SocketChannel client = connect(way);

    client.write(buffer((byte) 1));
    ChannelFuture nothing = client.write(new DefaultFileRegion(file.toFile(), 5, 0));
    client.write(buffer((byte) 2));
    client.write(new DefaultFileRegion(file.toFile(), 1000, LARGE - 2000));
    TwoDomains.done(client.writeAndFlush(buffer((byte) 3)));

    TwoDomains.done(nothing);
    byte[] bytes = server.awaitBytes(LARGE - 1997);
    assertArrayEquals(new byte[] {1, 2}, Arrays.copyOf(bytes, 2));
    assertArrayEquals(
        Arrays.copyOfRange(random(LARGE), 1000, LARGE - 1000),
        Arrays.copyOfRange(bytes, 2, LARGE - 1998));
    assertEquals(3, bytes[LARGE - 1998]);
  }

  @ParameterizedTest
  @EnumSource
  void buffersOfEveryMakeArrive(Way way) throws Exception {
    SocketChannel client = connect(way);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    List<ByteBuf> messages = new ArrayList<>();
    messages.add(client.alloc().directBuffer().writeBytes(random(700)).skipBytes(100));
    messages.add(client.alloc().heapBuffer().writeBytes(random(701)).skipBytes(101));
    messages.add(Unpooled.wrappedBuffer(random(702)).asReadOnly().skipBytes(2));
    messages.add(client.alloc().directBuffer().writeBytes(random(703)).asReadOnly());
    messages.add(Unpooled.wrappedBuffer(random(704)).slice(10, 600));
    messages.add(mixed(client, 3));
    messages.add(mixed(client, 2000));
    CompositeByteBuf nested = client.alloc().compositeBuffer(8);
    nested.addComponents(true, mixed(client, 5), Unpooled.EMPTY_BUFFER, mixed(client, 6));
    messages.add(nested.skipBytes(1));
    // of both kinds of memory, epoll's channel does not take this one
    messages.add(
        Unpooled.wrappedUnmodifiableBuffer(
            Unpooled.directBuffer().writeBytes(random(20)),
            Unpooled.directBuffer().writeBytes(random(30))));
    for (ByteBuf message : messages) {
      message.getBytes(message.readerIndex(), expected, message.readableBytes());
      client.write(message);
    }
    client.flush();

    assertArrayEquals(expected.toByteArray(), server.awaitBytes(expected.size()));
    TwoDomains.done(client.close());
    for (ByteBuf message : messages) {
      assertEquals(0, message.refCnt(), message::toString);
    }
  }

  /** Returns buffers of heap and direct memory as one. */
  private static ByteBuf mixed(Channel channel, int components) {
    CompositeByteBuf all = channel.alloc().compositeBuffer(components);
    for (int i = 0; i < components; i++) {
      ByteBuf part = i % 2 == 0 ? Unpooled.buffer() : Unpooled.directBuffer();
      all.addComponent(true, part.writeBytes(random(i % 90 + 2)).skipBytes(1));
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource
  void theMessageOfARefusedTypeNamesIt(Way way) {
    Throwable refusal = connect(way).writeAndFlush("text").awaitUninterruptibly().cause();

    assertInstanceOf(UnsupportedOperationException.class, refusal);
    assertTrue(refusal.getMessage().startsWith("unsupported message type: String (expected: "));
  }

  @ParameterizedTest
  @EnumSource
  void aChannelIsUnwritableFromTheByteOnThatItSaid(Way way) throws Exception {
    AtomicInteger changes = new AtomicInteger();
    ChannelInboundHandlerAdapter counting =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            changes.incrementAndGet();
          }
        };
    SocketChannel client =
        ways.connect(
            ways.client(way, counting)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(500, 5000)),
            ways.bind(way, server));
    onLoop(
        client,
        () -> {
          int size = (int) client.bytesBeforeUnwritable() - OVERHEAD;
          client.write(buffer(new byte[size - 1]));
          assertTrue(client.isWritable());
          assertEquals(1, client.bytesBeforeUnwritable());
          assertEquals(0, client.bytesBeforeWritable());
          client.flush();
          client.write(buffer(new byte[size]));
          assertFalse(client.isWritable());
          assertEquals(0, client.bytesBeforeUnwritable());
          assertEquals(5001 - 500 + 1, client.bytesBeforeWritable());
          client.flush();
          assertTrue(client.isWritable());
          return null;
        });
    settle(client);

    assertEquals(2, changes.get());
  }

  @ParameterizedTest
  @EnumSource
  void aFlushWhereWritabilityChangesEndsAndLosesNothing(Way way) throws Exception {
    ChannelInboundHandlerAdapter flushing =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            ctx.flush();
          }
        };
    SocketChannel client =
        ways.connect(
            ways.client(way, flushing)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(100, 2000)),
            ways.bind(way, server));
    byte[] content = random(LARGE);
    onLoop(
        client,
        () -> {
          for (int i = 0; i < LARGE; i += LARGE / 1024) {
            client.write(Unpooled.wrappedBuffer(content, i, LARGE / 1024));
          }
          return client.flush();
        });

    assertArrayEquals(content, server.awaitBytes(LARGE));
  }

  @ParameterizedTest
  @EnumSource
  void aWriteThatFailsIsReleasedBeforeItsListenerIsTold(Way way) throws Exception {
    SocketChannel client = connect(way);
    get(server.active).channel().config().setAutoRead(false);
    List<ByteBuf> messages = new ArrayList<>();
    List<CompletableFuture<Integer>> counts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      ByteBuf message = client.alloc().directBuffer(LARGE).writeZero(i < 10 ? LARGE : 10);
      messages.add(message);
      CompletableFuture<Integer> count = new CompletableFuture<>();
      counts.add(count);
      client.write(message).addListener(told -> count.complete(message.refCnt()));
    }
    client.flush();
    client.write(client.alloc().directBuffer().writeZero(10));

    TwoDomains.done(client.close());

    for (CompletableFuture<Integer> count : counts) {
      assertEquals(0, get(count));
    }
    assertEquals(0, messages.get(19).refCnt());
  }

  @ParameterizedTest
  @EnumSource
  void aCloseCompletesAfterAShutdownOfTheOutputWithWritesPending(Way way) throws Exception {
    SocketChannel client = connect(way);
    get(server.active).channel().config().setAutoRead(false);
    List<ChannelFuture> writes = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      writes.add(client.writeAndFlush(buffer(random(LARGE))));
    }

    ChannelFuture shutdown = client.shutdownOutput();
    ChannelFuture close = client.close();

    shutdown.awaitUninterruptibly();
    TwoDomains.done(close);
    assertFalse(done(writes).isSuccess());
    assertFalse(client.isOpen());
  }

  private static ChannelFuture done(List<ChannelFuture> futures) {
    futures.forEach(future -> assertTrue(future.awaitUninterruptibly(20_000), future::toString));
    return futures.getLast();
  }

  @ParameterizedTest
  @EnumSource
  void aCloseRightAfterTheConnectEndsBoth(Way way) throws Exception {
    Channel listener = ways.bind(way, server);
    for (int i = 0; i < 20; i++) {
      Received received = new Received();
      Channel client = ways.client(way, received).register().sync().channel();
      ChannelFuture connect =
          onLoop(
              client,
              () -> {
                ChannelFuture future = client.connect(listener.localAddress());
                client.close();
                return future;
              });

      TwoDomains.done(client.closeFuture());
      connect.awaitUninterruptibly();
      settle(client);
      if (!connect.isSuccess()) {
        assertInstanceOf(ClosedChannelException.class, connect.cause());
      }
      assertEquals(received.active.isDone(), received.inactive.isDone());
    }
  }

  @ParameterizedTest
  @EnumSource
  void channelsMayBeClosedTwiceAndByTwoThreads(Way way) throws Exception {
    Channel listener = ways.bind(way, server);
    Received received = new Received();
    SocketChannel client = ways.connect(way, received, listener);
    Channel child = get(server.active).channel();
    for (Channel channel : List.of(listener, client, child)) {
      CompletableFuture<ChannelFuture> other = CompletableFuture.supplyAsync(channel::close);
      ChannelFuture close = channel.close();
      TwoDomains.done(close);
      TwoDomains.done(get(other));
      TwoDomains.done(onLoop(channel, () -> channel.close()));
    }

    get(received.inactive);
    get(server.inactive);
    assertFalse(received.exception.isDone() || server.exception.isDone());
  }

  @ParameterizedTest
  @EnumSource
  void aStreamOfChunksThatIsCutOffFailsAndSoDoWritesAfterIt(Way way) throws Exception {
    CompletableFuture<ChannelFuture> late = new CompletableFuture<>();
    ChannelInboundHandlerAdapter writing =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelInactive(ChannelHandlerContext ctx) {
            late.complete(ctx.writeAndFlush(buffer((byte) 1)));
          }
        };
    Channel listener =
        ways.bind(ways.server(way, server).childOption(ChannelOption.AUTO_READ, false));
    SocketChannel client =
        ways.connect(way, pipeline(new ChunkedWriteHandler(), writing), listener);
    CompletableFuture<Void> closed = new CompletableFuture<>();
    ByteArrayInputStream content =
        new ByteArrayInputStream(new byte[10 * LARGE]) {
          @Override
          public void close() {
            closed.complete(null);
          }
        };
    ChannelFuture stream = client.writeAndFlush(new ChunkedStream(content));

    TwoDomains.done(get(server.active).channel().close());

    get(closed);
    assertFalse(stream.awaitUninterruptibly().isSuccess());
    assertInstanceOf(ClosedChannelException.class, get(late).awaitUninterruptibly().cause());
    assertInstanceOf(
        ClosedChannelException.class,
        client.writeAndFlush(buffer((byte) 2)).awaitUninterruptibly().cause());
  }
}
