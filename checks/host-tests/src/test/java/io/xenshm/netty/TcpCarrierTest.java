package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A connection that went to TCP behaves as one of epoll. */
class TcpCarrierTest {
  private static final int LARGE = 8 << 20;

  @TempDir Path directory;
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

  private Bootstrap client(Received received) {
    return domains.client(received).option(XenShmChannelOption.XENSHM_MODE, XenShmMode.OFF);
  }

  private XenShmSocketChannel connect(Bootstrap bootstrap) {
    XenShmSocketChannel channel =
        (XenShmSocketChannel) done(bootstrap.connect(listener.localAddress()));
    assertSame(XenShmPath.TCP, channel.path());
    return channel;
  }

  private XenShmSocketChannel connect() {
    return connect(client(new Received()));
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @Test
  void optionsReachTheSocketAndItsOwnValuesAreTold() throws Exception {
    XenShmSocketChannel channel =
        connect(
            client(new Received())
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.TCP_NODELAY, false)
                .option(ChannelOption.SO_SNDBUF, 50_000)
                .option(EpollChannelOption.TCP_KEEPIDLE, 77));

    assertTrue(channel.config().isKeepAlive());
    assertFalse(channel.config().isTcpNoDelay());
    assertEquals(100_000, channel.config().getSendBufferSize(), "the kernel doubles it");
    assertEquals(77, channel.config().getOption(EpollChannelOption.TCP_KEEPIDLE));
    channel.config().setTcpNoDelay(true);
    assertTrue(channel.config().getOption(ChannelOption.TCP_NODELAY));
    XenShmSocketChannel child = (XenShmSocketChannel) get(server.active).channel();
    assertTrue(child.config().setOption(EpollChannelOption.TCP_CORK, true));
    assertTrue(child.config().getOption(EpollChannelOption.TCP_CORK));
  }

  @Test
  void anOptionThatNoSocketKnowsIsRefusedAsByEpoll() {
    XenShmSocketChannel channel = connect();
    EpollSocketChannel epoll = new EpollSocketChannel();
    try {
      ChannelOption<Integer> option = ChannelOption.SO_TIMEOUT;
      assertEquals(epoll.config().setOption(option, 1), channel.config().setOption(option, 1));
    } finally {
      epoll.unsafe().closeForcibly();
    }
  }

  @Test
  void muchDataOfAllKindsKeepsItsOrder() throws Exception {
    XenShmSocketChannel channel = connect();
    byte[] content = random(LARGE);
    Path file = Files.write(directory.resolve("file"), content);

    channel.write(Unpooled.wrappedBuffer(content, 0, LARGE / 2));
    channel.write(channel.alloc().directBuffer().writeBytes(content, LARGE / 2, LARGE - LARGE / 2));
    channel.write(Unpooled.EMPTY_BUFFER);
    channel.write(new DefaultFileRegion(file.toFile(), 0, LARGE));
    channel.writeAndFlush(channel.alloc().heapBuffer().writeByte(7)).sync();

    byte[] received = server.awaitBytes(2 * LARGE + 1);
    assertArrayEquals(content, Arrays.copyOf(received, LARGE));
    assertArrayEquals(content, Arrays.copyOfRange(received, LARGE, 2 * LARGE));
    assertEquals(7, received[2 * LARGE]);
  }

  @Test
  void aCancelledWriteIsLeftOutAndTheOthersComplete() throws Exception {
    XenShmSocketChannel channel = connect();
    ChannelPromise cancelled = channel.newPromise();
    ChannelPromise first = channel.newPromise();
    ChannelPromise alsoCancelled = channel.newPromise();

    channel
        .eventLoop()
        .submit(
            () -> {
              channel.write(Unpooled.wrappedBuffer(new byte[] {1}), cancelled);
              channel.write(Unpooled.wrappedBuffer(new byte[] {2}), first);
              channel.write(Unpooled.wrappedBuffer(new byte[] {3}), alsoCancelled);
              cancelled.cancel(false);
              alsoCancelled.cancel(false);
              channel.flush();
            })
        .sync();
    done(first);
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {4})).sync();

    assertArrayEquals(new byte[] {2, 4}, server.awaitBytes(2));
    channel.eventLoop().submit(() -> {}).sync();
    assertTrue(channel.isWritable());
    assertEquals(0, channel.unsafe().outboundBuffer().totalPendingWriteBytes());
  }

  @Test
  void progressIsToldInBytesOfTheMessage() throws Exception {
    XenShmSocketChannel channel = connect();
    List<Long> steps = new CopyOnWriteArrayList<>();
    ChannelProgressivePromise promise = channel.newProgressivePromise();
    promise.addListener(
        new ChannelProgressiveFutureListener() {
          @Override
          public void operationProgressed(
              ChannelProgressiveFuture future, long progress, long total) {
            steps.add(progress);
          }

          @Override
          public void operationComplete(ChannelProgressiveFuture future) {}
        });
    channel.write(Unpooled.wrappedBuffer(new byte[10]));

    channel.writeAndFlush(Unpooled.wrappedBuffer(random(LARGE)), promise);

    server.awaitBytes(LARGE + 10);
    done(promise);
    channel.eventLoop().submit(() -> {}).sync();
    assertEquals(LARGE, steps.get(steps.size() - 1));
    assertEquals(steps.stream().sorted().toList(), steps);
  }

  @Test
  void unreadDataMakesTheWriterUnwritableUntilItIsRead() throws Exception {
    XenShmSocketChannel channel =
        connect(
            client(new Received())
                .option(
                    ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(1024, 4096)));
    Channel child = get(server.active).channel();
    child.config().setAutoRead(false);
    ChannelFuture written;
    int sent = 0;
    do {
      written = channel.writeAndFlush(Unpooled.wrappedBuffer(random(LARGE)));
      sent += LARGE;
      channel.eventLoop().submit(() -> {}).sync();
    } while (channel.isWritable());
    assertFalse(written.isDone());

    child.config().setAutoRead(true);

    server.awaitBytes(sent);
    done(written);
    channel.eventLoop().submit(() -> {}).sync();
    assertTrue(channel.isWritable());
  }

  @Test
  void halfClosedConnectionStillAnswers() throws Exception {
    listener.close().sync();
    listener =
        done(
            domains
                .server(server)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .bind(new InetSocketAddress(SERVER_ADDRESS, 0)));
    Received received = new Received();
    XenShmSocketChannel channel = connect(client(received));

    channel.writeAndFlush(Unpooled.wrappedBuffer(random(100))).sync();
    channel.shutdownOutput().sync();

    server.awaitBytes(100);
    assertSame(ChannelInputShutdownEvent.INSTANCE, server.nextEvent());
    assertTrue(channel.isOutputShutdown());
    assertFalse(channel.isInputShutdown());
    ChannelFuture refused = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).awaitUninterruptibly();
    assertInstanceOf(IOException.class, refused.cause());
    Channel child = get(server.active).channel();
    child.writeAndFlush(Unpooled.wrappedBuffer(random(200))).sync();
    assertArrayEquals(random(200), received.awaitBytes(200));
    child.close().sync();
    get(received.inactive);
  }

  @Test
  void closeWithLingerWaitsUntilTheDataHasLeft() throws Exception {
    XenShmSocketChannel channel =
        connect(client(new Received()).option(ChannelOption.SO_LINGER, 5));

    ChannelFuture written = channel.writeAndFlush(Unpooled.wrappedBuffer(random(1 << 20)));
    written.addListener(done -> channel.close());

    assertArrayEquals(random(1 << 20), server.awaitBytes(1 << 20));
    get(server.inactive);
    done(channel.closeFuture());
    assertFalse(channel.isOpen());
  }

  @Test
  void writingToAPeerThatIsGoneFailsAndCloses() throws Exception {
    Received received = new Received();
    XenShmSocketChannel channel = connect(client(received).option(ChannelOption.AUTO_READ, false));
    Channel child = get(server.active).channel();
    child.config().setOption(ChannelOption.SO_LINGER, 0);
    child.close().sync();

    ChannelFuture written;
    do {
      written = channel.writeAndFlush(Unpooled.wrappedBuffer(random(10))).awaitUninterruptibly();
    } while (written.isSuccess());

    assertInstanceOf(IOException.class, written.cause());
    done(channel.closeFuture());
    get(received.inactive);
    ChannelFuture late = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).awaitUninterruptibly();
    assertInstanceOf(ClosedChannelException.class, late.cause());
  }

  @Test
  void itGoesOnOnAnotherEventLoop() throws Exception {
    Received received = new Received();
    XenShmSocketChannel channel = connect(client(received));
    Channel child = get(server.active).channel();
    channel.writeAndFlush(Unpooled.wrappedBuffer(random(10))).sync();
    EventLoop first = channel.eventLoop();
    EventLoop second = domains.clientLoops.next();
    second = second.equals(first) ? domains.clientLoops.next() : second;

    done(channel.deregister());
    child.writeAndFlush(Unpooled.wrappedBuffer(random(20))).sync();
    done(second.register(channel));

    assertNotSame(first, channel.eventLoop());
    assertArrayEquals(random(20), received.awaitBytes(20));
    channel.writeAndFlush(Unpooled.wrappedBuffer(random(30))).sync();
    server.awaitBytes(40);
    channel.close().sync();
    get(server.inactive);
  }

  @Test
  void theEndOfTheLoopsClosesWhatIsOpen() throws Exception {
    XenShmSocketChannel channel = connect();
    Channel child = get(server.active).channel();

    domains.shutDownLoops();

    assertFalse(channel.isOpen());
    assertFalse(child.isOpen());
    assertFalse(listener.isOpen());
  }
}
