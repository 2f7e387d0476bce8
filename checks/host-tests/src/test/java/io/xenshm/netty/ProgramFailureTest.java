package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.xenshm.netty.FileRegionTest.Transport;
import io.xenshm.netty.Saboteur.Place;
import io.xenshm.netty.Saboteur.Thrown;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a program's code throws, wherever the transport calls it, costs its own connection at
 * most. Netty's epoll channel says what that connection is told and whether it ends.
 */
@Timeout(60)
@SuppressWarnings("deprecation") // Netty has no other option for the allocator of received bytes
class ProgramFailureTest {
  private static final int SIZE = 100;

  /** Epoll's channels do not catch what these throw: the event loop pauses, or ends. */
  private static final Set<Place> UNCAUGHT_IN_READING = EnumSet.of(Place.NEW_HANDLE, Place.RESET);

  private static final Set<Place> UNCAUGHT_IN_ACCEPTING =
      EnumSet.of(Place.RESET, Place.READ_COMPLETE);

  private static final Set<Place> OF_READING =
      EnumSet.of(
          Place.ALLOCATOR,
          Place.NEW_HANDLE,
          Place.RESET,
          Place.ALLOCATE,
          Place.COUNT_MESSAGE,
          Place.CONTINUE,
          Place.READ_COMPLETE,
          Place.HANDLER);

  private static final Set<Place> OF_ACCEPTING =
      EnumSet.of(
          Place.RESET, Place.COUNT_MESSAGE, Place.CONTINUE, Place.READ_COMPLETE, Place.HANDLER);

  private static final Set<Place> OF_WRITING =
      EnumSet.of(
          Place.ESTIMATOR,
          Place.HEAP_BUFFER,
          Place.DIRECT_BUFFER,
          Place.REGION_TRANSFER,
          Place.REGION_COUNT,
          Place.REGION_TRANSFERRED);

  private static TwoDomains domains;
  private static EventLoopGroup serverLoop;
  private static EventLoopGroup clientLoop;

  private final Saboteur saboteur = new Saboteur();
  private final Saboteur ofServer = new Saboteur();
  private final Received bystander = new Received();
  private final Received victim = new Received();
  private final BlockingQueue<Throwable> listenerExceptions = new LinkedBlockingQueue<>();
  private Channel listener;
  private Channel bystanding;
  private int echoes;

  @BeforeAll
  static void start() throws IOException {
    domains = new TwoDomains();
    IoHandlerFactory server =
        XenShmIoHandler.newFactory(domains.serverXen, xen -> domains.serverPeers);
    IoHandlerFactory client =
        XenShmIoHandler.newFactory(domains.clientXen, xen -> domains.clientPeers);
    serverLoop = new MultiThreadIoEventLoopGroup(1, server);
    clientLoop = new MultiThreadIoEventLoopGroup(1, client);
  }

  @AfterAll
  static void stop() {
    clientLoop.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly();
    serverLoop.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly();
    domains.close();
  }

  @AfterEach
  void close() {
    if (bystanding != null) {
      done(bystanding.close());
    }
    if (listener != null) {
      done(listener.close());
    }
  }

  static Stream<Arguments> reading() {
    return rows(OF_READING, UNCAUGHT_IN_READING);
  }

  static Stream<Arguments> accepting() {
    return rows(OF_ACCEPTING, UNCAUGHT_IN_ACCEPTING);
  }

  static Stream<Arguments> writing() {
    // Epoll's channel loses the buffer that it copies to where the copied one throws.
    return rows(OF_WRITING, EnumSet.of(Place.HEAP_BUFFER));
  }

  static Stream<Arguments> elsewhere() {
    return rows(EnumSet.of(Place.INITIALIZER, Place.LISTENER), EnumSet.noneOf(Place.class));
  }

  private static Stream<Arguments> rows(Set<Place> places, Set<Place> notOfEpoll) {
    return Stream.of(Transport.values())
        .flatMap(
            transport ->
                places.stream()
                    .filter(place -> transport != Transport.EPOLL || !notOfEpoll.contains(place))
                    .flatMap(
                        place ->
                            Stream.of(Thrown.values())
                                .map(thrown -> Arguments.of(transport, place, thrown))));
  }

  private void listen(Transport transport) throws Exception {
    ChannelInitializer<Channel> echo =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel child) {
            ofServer.pass(Place.INITIALIZER);
            child
                .pipeline()
                .addLast(
                    new ChannelInboundHandlerAdapter() {
                      @Override
                      public void channelRead(ChannelHandlerContext ctx, Object message) {
                        ctx.writeAndFlush(message).addListener(f -> {});
                      }

                      @Override
                      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                        // the peer's end is what the test looks at
                      }
                    });
          }
        };
    ChannelInitializer<Channel> handlers =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel server) {
            server
                .pipeline()
                .addLast(
                    ofServer.new Handler(),
                    new ChannelInboundHandlerAdapter() {
                      @Override
                      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                        listenerExceptions.add(cause); // Netty's acceptor would pause
                      }
                    });
          }
        };
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(serverLoop, serverLoop)
            .channel(
                transport == Transport.EPOLL
                    ? EpollServerSocketChannel.class
                    : XenShmServerSocketChannel.class)
            .option(ChannelOption.RCVBUF_ALLOCATOR, ofServer.receiveAllocator())
            .handler(handlers)
            .childHandler(echo);
    listener = done(bootstrap.bind(new InetSocketAddress(TwoDomains.SERVER_ADDRESS, 0)));
  }

  private void connectBystander(Transport transport) throws Exception {
    bystanding = done(client(transport, bystander).connect(listener.localAddress()));
    assertBystanderLives();
  }

  private static Bootstrap client(Transport transport, Received received) {
    Bootstrap bootstrap = new Bootstrap().group(clientLoop).handler(received);
    if (transport == Transport.EPOLL) {
      return bootstrap.channel(EpollSocketChannel.class);
    }
    return bootstrap
        .channel(XenShmSocketChannel.class)
        .option(XenShmChannelOption.XENSHM_RING_SIZE, 4096)
        .option(
            XenShmChannelOption.XENSHM_MODE,
            transport == Transport.TCP ? XenShmMode.OFF : XenShmMode.REQUIRED);
  }

  private Bootstrap victim(Transport transport) {
    return client(transport, victim)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(saboteur.new Handler(), victim);
              }
            });
  }

  private void assertBystanderLives() throws Exception {
    done(bystanding.writeAndFlush(UnpooledByteBufAllocator.DEFAULT.directBuffer(1).writeByte(1)));
    bystander.awaitBytes(++echoes);
    assertFalse(bystander.exception.isDone(), "the bystander is told of it");
  }

  private static ChannelFuture send(Channel channel) {
    return channel.writeAndFlush(
        UnpooledByteBufAllocator.DEFAULT.directBuffer(SIZE).writeZero(SIZE));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource
  void reading(Transport transport, Place place, Thrown thrown) throws Exception {
    listen(transport);
    connectBystander(transport);
    if (place == Place.NEW_HANDLE) {
      saboteur.arm(place, thrown);
    }
    ChannelFuture connect =
        victim(transport)
            .option(ChannelOption.ALLOCATOR, saboteur.allocator())
            .option(ChannelOption.RCVBUF_ALLOCATOR, saboteur.receiveAllocator())
            .connect(listener.localAddress());
    if (transport == Transport.TCP && place == Place.NEW_HANDLE) {
      assertTrue(connect.await(20, TimeUnit.SECONDS), "the connect has no end");
      assertSame(saboteur.thrown(), connect.cause());
      done(connect.channel().closeFuture());
      assertBystanderLives();
      return;
    }
    Channel channel = done(connect);
    if (place != Place.NEW_HANDLE) {
      saboteur.arm(place, thrown);
    }

    send(channel);

    boolean byTheLoop = transport == Transport.TCP && UNCAUGHT_IN_READING.contains(place);
    if (!byTheLoop) {
      assertSame(saboteur.thrown(), get(victim.exception));
    }
    boolean ends =
        place != Place.HANDLER && (thrown == Thrown.OUT_OF_MEMORY || thrown == Thrown.IO_EXCEPTION);
    if (byTheLoop || ends) {
      get(victim.inactive);
      done(channel.closeFuture());
    } else {
      int kept = place == Place.HANDLER ? 0 : SIZE;
      victim.awaitBytes(kept);
      done(send(channel));
      victim.awaitBytes(kept + SIZE);
      done(channel.close());
    }
    assertFalse(saboteur.isArmed());
    assertBystanderLives();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource
  void writing(Transport transport, Place place, Thrown thrown) throws Exception {
    listen(transport);
    connectBystander(transport);
    Channel channel =
        done(
            victim(transport)
                .option(ChannelOption.MESSAGE_SIZE_ESTIMATOR, saboteur.estimator())
                .connect(listener.localAddress()));
    Object message =
        switch (place) {
          case HEAP_BUFFER -> saboteur.heapBuffer(SIZE);
          case REGION_TRANSFER, REGION_COUNT, REGION_TRANSFERRED -> saboteur.region(SIZE);
          default -> saboteur.directBuffer(SIZE);
        };
    saboteur.arm(place, thrown);

    // Another thread would meet the estimator's failure itself.
    ChannelFuture write = channel.eventLoop().submit(() -> channel.writeAndFlush(message)).get();

    assertTrue(write.await(20, TimeUnit.SECONDS), "the write has no end");
    boolean failsAlone = place == Place.ESTIMATOR || place == Place.HEAP_BUFFER;
    if (failsAlone) {
      assertSame(saboteur.thrown(), write.cause());
      done(send(channel));
      victim.awaitBytes(SIZE);
      done(channel.close());
    } else if (thrown == Thrown.IO_EXCEPTION) {
      assertSame(saboteur.thrown(), write.cause());
      get(victim.inactive);
    } else {
      assertInstanceOf(ChannelOutputShutdownException.class, write.cause());
      assertSame(saboteur.thrown(), write.cause().getCause());
      get(victim.inactive); // the peer saw the end, and closed
    }
    assertFalse(victim.exception.isDone(), "the pipeline is told");
    assertFalse(saboteur.isArmed());
    assertBystanderLives();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource
  void accepting(Transport transport, Place place, Thrown thrown) throws Exception {
    listen(transport);
    connectBystander(transport);
    ofServer.arm(place, thrown);

    ChannelFuture connect = victim(transport).connect(listener.localAddress());

    if (transport == Transport.TCP && UNCAUGHT_IN_ACCEPTING.contains(place)) {
      done(listener.closeFuture());
    } else {
      assertSame(ofServer.thrown(), listenerExceptions.poll(20, TimeUnit.SECONDS));
      assertTrue(listener.isOpen());
      Received next = new Received();
      Channel channel = done(client(transport, next).connect(listener.localAddress()));
      done(send(channel));
      next.awaitBytes(SIZE);
      done(channel.close());
    }
    assertFalse(ofServer.isArmed());
    done(connect.channel().close());
    assertBystanderLives();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource
  void elsewhere(Transport transport, Place place, Thrown thrown) throws Exception {
    listen(transport);
    connectBystander(transport);
    ofServer.arm(place, thrown);
    saboteur.arm(place, thrown);

    Channel channel = done(victim(transport).connect(listener.localAddress()));

    if (place == Place.INITIALIZER) {
      get(victim.inactive);
    } else {
      ChannelFuture write = send(channel);
      write.addListener(f -> saboteur.pass(Place.LISTENER));
      victim.awaitBytes(SIZE);
      channel.eventLoop().submit(() -> {}).sync();
      assertFalse(saboteur.isArmed());
      done(channel.close());
    }
    assertBystanderLives();
    assertEquals(0, listenerExceptions.size());
    assertNotNull(listener);
  }
}
