package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What programs do with a connection and Netty's own tests do not ask, over both paths. */
class EverydayUseTest {
  private static final int LARGE = 4 << 20;

  private TwoDomains domains;
  private final Received server = new Received();
  private Channel listener;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
    listener = domains.bindAddress(server);
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private XenShmSocketChannel connect(XenShmPath path, ChannelHandler... handlers) {
    XenShmMode mode = path == XenShmPath.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED;
    ChannelInitializer<Channel> initializer =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(handlers);
          }
        };
    XenShmSocketChannel channel =
        (XenShmSocketChannel)
            done(
                domains
                    .client(initializer)
                    .option(XenShmChannelOption.XENSHM_MODE, mode)
                    .connect(listener.localAddress()));
    assertSame(path, channel.path());
    return channel;
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static ByteBuf bytes(int... values) {
    ByteBuf buffer = Unpooled.buffer();
    for (int value : values) {
      buffer.writeByte(value);
    }
    return buffer;
  }

  /** Waits until the channel's event loop has done what it began. */
  private static void settle(Channel channel) throws InterruptedException {
    channel.eventLoop().submit(() -> {}).sync();
  }

  @ParameterizedTest
  @EnumSource
  void aLogLineTellsBothAddressesAlsoAfterTheEnd(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    InetSocketAddress remote = channel.remoteAddress();

    String open = channel.toString();
    channel.close().sync();

    assertTrue(open.contains("L:" + channel.localAddress() + " - R:" + remote), open);
    assertTrue(open.contains("id: 0x" + channel.id().asShortText()), open);
    assertTrue(channel.toString().contains(" ! R:" + remote), channel.toString());
    assertEquals(remote, channel.remoteAddress());
    Channel child = get(server.active).channel();
    get(server.inactive);
    assertEquals(channel.localAddress().getPort(), port(child.remoteAddress()));
  }

  private static int port(java.net.SocketAddress address) {
    return ((InetSocketAddress) address).getPort();
  }

  @ParameterizedTest
  @EnumSource
  void attributesStayWithTheChannel(XenShmPath path) throws Exception {
    AttributeKey<String> key = AttributeKey.valueOf("EverydayUseTest");
    listener.close().sync();
    listener =
        done(
            domains
                .server(server)
                .childAttr(key, "server")
                .bind(new InetSocketAddress(TwoDomains.SERVER_ADDRESS, 0)));
    XenShmSocketChannel channel = connect(path);
    channel.attr(key).set("client");

    assertEquals("client", channel.attr(key).get());
    assertEquals("server", get(server.active).channel().attr(key).get());
  }

  @ParameterizedTest
  @EnumSource
  void metadataAreEpolls(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);

    EpollSocketChannel epoll = new EpollSocketChannel();
    EpollServerSocketChannel epollServer = new EpollServerSocketChannel();
    assertSameMetadata(epoll.metadata(), channel.metadata());
    assertSameMetadata(epoll.metadata(), get(server.active).channel().metadata());
    assertSameMetadata(epollServer.metadata(), listener.metadata());
    epoll.unsafe().closeForcibly();
    epollServer.unsafe().closeForcibly();
  }

  private static void assertSameMetadata(ChannelMetadata expected, ChannelMetadata actual) {
    assertEquals(expected.hasDisconnect(), actual.hasDisconnect());
    assertEquals(expected.defaultMaxMessagesPerRead(), actual.defaultMaxMessagesPerRead());
  }

  @ParameterizedTest
  @EnumSource
  void aWriteAfterTheCloseFailsAndIsReleased(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    channel.close().sync();
    ByteBuf late = channel.alloc().directBuffer(4).writeInt(1);

    ChannelFuture write = channel.writeAndFlush(late).awaitUninterruptibly();

    assertInstanceOf(ClosedChannelException.class, write.cause());
    assertEquals(0, late.refCnt());
    assertEquals(0, channel.bytesBeforeUnwritable());
    assertFalse(channel.isWritable());
  }

  @ParameterizedTest
  @EnumSource
  void aChannelGoesOnOnAnotherLoop(XenShmPath path) throws Exception {
    Received received = new Received();
    XenShmSocketChannel channel = connect(path, received);
    Channel child = get(server.active).channel();
    EventLoop first = channel.eventLoop();
    EventLoop second = domains.clientLoops.next();
    second = second.equals(first) ? domains.clientLoops.next() : second;

    for (EventLoop loop : List.of(second, first, second)) {
      int before = received.count();
      int serverBefore = server.count();
      done(channel.deregister());
      ChannelFuture early = child.writeAndFlush(Unpooled.wrappedBuffer(random(100)));
      done(loop.register(channel));
      channel.writeAndFlush(Unpooled.wrappedBuffer(random(100))).sync();
      received.awaitBytes(before + 100);
      server.awaitBytes(serverBefore + 100);
      done(early);
    }
    assertFalse(received.exception.isDone());
  }

  @ParameterizedTest
  @EnumSource
  void aLingeringCloseDeliversWhatWasWritten(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    channel.config().setSoLinger(5);
    assertEquals(5, channel.config().getSoLinger());
    byte[] content = random(100_000);

    ChannelFuture written = channel.writeAndFlush(Unpooled.wrappedBuffer(content));
    done(written);
    done(channel.close());

    assertArrayEquals(content, server.awaitBytes(content.length));
    get(server.inactive);
  }

  @ParameterizedTest
  @EnumSource
  void aCloseWithoutLingerEndsTheConnectionAtBothEnds(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    Channel child = get(server.active).channel();
    channel.config().setSoLinger(0);

    done(channel.close());

    get(server.inactive);
    done(child.closeFuture());
  }

  @ParameterizedTest
  @EnumSource
  void theShutdownOfTheOutputIsToldOnce(XenShmPath path) throws Exception {
    Received received = new Received();
    XenShmSocketChannel channel = connect(path, received);

    channel.shutdownOutput().sync();
    settle(channel);

    assertEquals(
        1, received.events.stream().filter(ChannelOutputShutdownEvent.INSTANCE::equals).count());
    assertTrue(channel.isOutputShutdown());
  }

  @Test
  void aPortThatIsBoundCannotBeBoundTwiceAsWithEpoll() {
    ChannelFuture epoll =
        new ServerBootstrap()
            .group(domains.serverBoss, domains.serverWorkers)
            .channel(EpollServerSocketChannel.class)
            .childHandler(server)
            .bind(listener.localAddress())
            .awaitUninterruptibly();

    ChannelFuture ours =
        domains.server(server).bind(listener.localAddress()).awaitUninterruptibly();

    assertTrue(port(listener.localAddress()) > 0);
    assertEquals(epoll.cause().getClass(), ours.cause().getClass());
    assertEquals(epoll.cause().getMessage(), ours.cause().getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void aPortCanBeBoundAgainAtOnceWhileItsConnectionsLiveOn(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    get(server.active);
    Received second = new Received();

    done(listener.close());
    listener = done(domains.server(second).bind(listener.localAddress()));
    XenShmSocketChannel later = connect(path);

    channel.writeAndFlush(bytes(1)).sync();
    later.writeAndFlush(bytes(2)).sync();
    assertArrayEquals(new byte[] {1}, server.awaitBytes(1));
    assertArrayEquals(new byte[] {2}, second.awaitBytes(1));
  }

  @ParameterizedTest
  @EnumSource
  void aMessageOfAnUnsupportedTypeFailsAloneAndVoidPromisesWork(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    channel.write(bytes(1), channel.voidPromise());

    ChannelFuture refused = channel.write("no bytes").awaitUninterruptibly();
    channel.writeAndFlush(bytes(2), channel.voidPromise());

    assertInstanceOf(UnsupportedOperationException.class, refused.cause());
    assertArrayEquals(new byte[] {1, 2}, server.awaitBytes(2));
  }

  @ParameterizedTest
  @EnumSource
  void anExceptionInAHandlerLeavesTheConnectionOpen(XenShmPath path) throws Exception {
    Received received = new Received();
    ChannelInboundHandlerAdapter failing =
        new ChannelInboundHandlerAdapter() {
          @Override
          public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf buffer = (ByteBuf) message;
            boolean bad = buffer.getByte(buffer.readerIndex()) == 0;
            if (bad) {
              buffer.release();
              throw new IllegalStateException("a handler's mistake");
            }
            ctx.fireChannelRead(message);
          }
        };
    connect(path, failing, received);
    Channel child = get(server.active).channel();

    child.writeAndFlush(bytes(0)).sync();
    assertInstanceOf(IllegalStateException.class, get(received.exception));
    child.writeAndFlush(bytes(7)).sync();

    assertArrayEquals(new byte[] {7}, received.awaitBytes(1));
  }

  @ParameterizedTest
  @EnumSource
  void bytesBeforeUnwritableCountWhatIsNotWritten(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    long free = channel.bytesBeforeUnwritable();

    ChannelFuture written = channel.write(Unpooled.wrappedBuffer(random(1000)));
    settle(channel);
    assertTrue(channel.bytesBeforeUnwritable() <= free - 1000);
    channel.flush();
    done(written);
    settle(channel);

    assertEquals(free, channel.bytesBeforeUnwritable());
  }

  @ParameterizedTest
  @EnumSource
  void writesEndInTheirOrder(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    List<Integer> order = new CopyOnWriteArrayList<>();
    ChannelFuture last = null;
    for (int i = 0; i < 200; i++) {
      int number = i;
      ByteBuf message = Unpooled.wrappedBuffer(random(i % 3 == 0 ? 50_000 : i));
      last = channel.write(message).addListener(done -> order.add(number));
      if (i % 7 == 0) {
        channel.flush();
      }
    }
    channel.flush();

    done(last);
    settle(channel);
    assertEquals(IntStream.range(0, 200).boxed().toList(), order);
  }

  @ParameterizedTest
  @EnumSource
  void aCancelledWriteIsLeftOut(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    ChannelPromise cancelled = channel.newPromise();

    channel.write(bytes(1));
    channel.write(bytes(2), cancelled);
    assertTrue(cancelled.cancel(false));
    channel.writeAndFlush(bytes(3)).sync();

    assertArrayEquals(new byte[] {1, 3}, server.awaitBytes(2));
  }

  @ParameterizedTest
  @EnumSource
  void autoReadSwitchedUnderLoadLosesNothing(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    Channel child = get(server.active).channel();
    byte[] content = random(LARGE);
    ChannelFuture written = null;
    for (int i = 0; i < LARGE; i += LARGE / 64) {
      written = channel.writeAndFlush(Unpooled.wrappedBuffer(content, i, LARGE / 64));
      child.config().setAutoRead(i / (LARGE / 64) % 2 == 0);
    }
    child.config().setAutoRead(true);

    assertArrayEquals(content, server.awaitBytes(LARGE));
    done(written);
  }

  @ParameterizedTest
  @EnumSource
  void manySmallWritesWithConsolidatedFlushesAllArrive(XenShmPath path) throws Exception {
    int count = 1_000_000;
    int batch = 10_000;
    XenShmSocketChannel channel = connect(path, new FlushConsolidationHandler(256, true));

    for (int begin = 0; begin < count; begin += batch) {
      // not an allocator's: the leak detector would take most of the time
      ByteBuf numbers = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(4 * batch));
      for (int i = 0; i < batch; i++) {
        numbers.setInt(4 * i, begin + i);
      }
      ChannelPromise last = channel.newPromise();
      channel
          .eventLoop()
          .execute(
              () -> {
                for (int i = 0; i < batch - 1; i++) {
                  channel.writeAndFlush(numbers.retainedSlice(4 * i, 4), channel.voidPromise());
                }
                channel.writeAndFlush(numbers.retainedSlice(4 * (batch - 1), 4), last);
                numbers.release();
              });
      done(last);
    }

    ByteBuf received = Unpooled.wrappedBuffer(server.awaitBytes(4 * count));
    for (int i = 0; i < count; i++) {
      assertEquals(i, received.readInt());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aShutdownOfTheLoopsWithDataInFlightLosesNoWriteSilently(XenShmPath path) throws Exception {
    XenShmSocketChannel channel = connect(path);
    Channel child = get(server.active).channel();
    child.config().setAutoRead(false);
    byte[] content = random(LARGE / 10);
    List<ChannelFuture> writes = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      int size = i < 50 ? 1000 : content.length;
      writes.add(channel.writeAndFlush(Unpooled.wrappedBuffer(content, 0, size)));
    }
    done(writes.get(49));

    domains.clientLoops.shutdownGracefully(10, 20_000, TimeUnit.MILLISECONDS);
    domains.clientLoops.terminationFuture().await(20, TimeUnit.SECONDS);

    for (ChannelFuture write : writes) {
      assertTrue(write.isDone(), write.toString());
    }
    assertFalse(writes.get(99).isSuccess());
    assertInstanceOf(ClosedChannelException.class, writes.get(99).cause());
    int delivered = 0;
    for (int i = 0; i < 100 && writes.get(i).isSuccess(); i++) {
      delivered += i < 50 ? 1000 : content.length;
    }
    assertTrue(delivered >= 50 * 1000, delivered + " bytes were reported as written");
    child.config().setAutoRead(true);
    server.awaitBytes(delivered);
    get(server.inactive);
  }
}
