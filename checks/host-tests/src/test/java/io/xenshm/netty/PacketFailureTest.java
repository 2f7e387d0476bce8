package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.netty.Saboteur.Place;
import io.xenshm.netty.Saboteur.Thrown;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.Set;
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
 * As {@link ProgramFailureTest}, for datagrams. Epoll's channel tells the pipeline, and stays open.
 */
@Timeout(60)
@SuppressWarnings("deprecation") // Netty has no other option for the allocator of received bytes
class PacketFailureTest {
  /** What carries the packets; the first is Netty's own channel. */
  enum Transport {
    EPOLL,
    UDP,
    SHARED_MEMORY
  }

  private static final int SIZE = 100;

  private static final Set<Place> OF_READING =
      EnumSet.of(
          Place.ALLOCATOR,
          Place.RESET,
          Place.COUNT_MESSAGE,
          Place.CONTINUE,
          Place.READ_COMPLETE,
          Place.HANDLER);

  /** Epoll's channel does not catch what these throw: the event loop pauses, or ends. */
  private static final Set<Place> UNCAUGHT = EnumSet.of(Place.RESET, Place.READ_COMPLETE);

  private static TwoDomains domains;
  private static EventLoopGroup victimLoop;

  private final Saboteur saboteur = new Saboteur();
  private final Packets atVictim = new Packets();
  private final Packets atBystander = new Packets();
  private Channel sender;
  private Channel bystander;

  @BeforeAll
  static void start() throws IOException {
    domains = new TwoDomains();
    victimLoop =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory(domains.serverXen, xen -> domains.serverPeers));
  }

  @AfterAll
  static void stop() {
    victimLoop.shutdownGracefully(0, 20, TimeUnit.SECONDS).awaitUninterruptibly();
    domains.close();
  }

  @AfterEach
  void close() {
    done(sender.close());
    done(bystander.close());
  }

  static Stream<Arguments> reading() {
    return Stream.of(Transport.values())
        .flatMap(
            transport ->
                OF_READING.stream()
                    .filter(place -> isAsked(transport, place))
                    .flatMap(
                        place ->
                            Stream.of(Thrown.values())
                                .map(thrown -> Arguments.of(transport, place, thrown))));
  }

  private static boolean isAsked(Transport transport, Place place) {
    return switch (transport) {
      case EPOLL -> place != Place.COUNT_MESSAGE && !UNCAUGHT.contains(place);
      case UDP -> place != Place.COUNT_MESSAGE; // epoll's channel loses the packet's buffer there
      case SHARED_MEMORY -> true;
    };
  }

  static Stream<Arguments> writing() {
    return Stream.of(Place.HEAP_BUFFER, Place.DIRECT_BUFFER)
        .flatMap(place -> Stream.of(Thrown.values()).map(thrown -> Arguments.of(place, thrown)));
  }

  private static Bootstrap bootstrap(Transport transport, EventLoopGroup group) {
    return new Bootstrap()
        .group(group)
        .channelFactory(
            () ->
                transport == Transport.EPOLL
                    ? new EpollDatagramChannel(SocketProtocolFamily.INET)
                    : channel(transport));
  }

  private static XenShmDatagramChannel channel(Transport transport) {
    XenShmDatagramChannel channel = new XenShmDatagramChannel(SocketProtocolFamily.INET);
    channel
        .config()
        .setOption(
            XenShmChannelOption.XENSHM_MODE,
            transport == Transport.UDP ? XenShmMode.OFF : XenShmMode.PREFERRED);
    return channel;
  }

  private static Channel bind(Bootstrap bootstrap, InetAddress address) {
    return done(bootstrap.bind(new InetSocketAddress(address, 0)));
  }

  private Channel bindVictim(Transport transport) throws Exception {
    sender = bind(bootstrap(transport, domains.clientLoops).handler(new Packets()), CLIENT_ADDRESS);
    bystander = bind(bootstrap(transport, victimLoop).handler(atBystander), SERVER_ADDRESS);
    Channel victim =
        bind(
            bootstrap(transport, victimLoop)
                .option(ChannelOption.ALLOCATOR, saboteur.allocator())
                .option(ChannelOption.RCVBUF_ALLOCATOR, saboteur.receiveAllocator())
                .handler(
                    new ChannelInitializer<>() {
                      @Override
                      protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(saboteur.new Handler(), atVictim);
                      }
                    }),
            SERVER_ADDRESS);
    send(victim, 1);
    atVictim.next();
    send(bystander, 1);
    atBystander.next();
    if (transport == Transport.SHARED_MEMORY) {
      awaitRing(victim);
      awaitRing(bystander);
    }
    return victim;
  }

  private void awaitRing(Channel to) throws Exception {
    Packets.awaitRing((XenShmDatagramChannel) sender, (InetSocketAddress) to.localAddress());
    Packets.awaitRing((XenShmDatagramChannel) to, (InetSocketAddress) sender.localAddress());
  }

  private ChannelFuture send(Channel to, int size) {
    return send(to, UnpooledByteBufAllocator.DEFAULT.directBuffer(size).writeZero(size));
  }

  private ChannelFuture send(Channel to, ByteBuf content) {
    return sender.writeAndFlush(new DatagramPacket(content, (InetSocketAddress) to.localAddress()));
  }

  private static void awaitPacket(Packets packets, int size) throws Exception {
    int got = packets.next().content().length;
    while (got != size) {
      got = packets.next().content().length;
    }
  }

  private void assertBystanderLives() throws Exception {
    done(send(bystander, SIZE));
    awaitPacket(atBystander, SIZE);
    assertTrue(atBystander.exceptions.isEmpty(), "the bystander is told of it");
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource
  void reading(Transport transport, Place place, Thrown thrown) throws Exception {
    Channel victim = bindVictim(transport);
    saboteur.arm(place, thrown);

    done(send(victim, SIZE));

    if (transport == Transport.UDP && UNCAUGHT.contains(place)) {
      done(victim.closeFuture());
    } else {
      assertSame(saboteur.thrown(), atVictim.nextException());
      assertTrue(victim.isOpen());
      done(send(victim, SIZE + 1));
      awaitPacket(atVictim, SIZE + 1);
      done(victim.close());
    }
    assertFalse(saboteur.isArmed());
    assertBystanderLives();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource
  void writing(Place place, Thrown thrown) throws Exception {
    Channel victim = bindVictim(Transport.SHARED_MEMORY);
    saboteur.arm(place, thrown);

    ChannelFuture write =
        send(
            victim,
            place == Place.HEAP_BUFFER ? saboteur.heapBuffer(SIZE) : saboteur.directBuffer(SIZE));

    assertTrue(write.await(20, TimeUnit.SECONDS), "the write has no end");
    assertSame(saboteur.thrown(), write.cause());
    done(send(victim, SIZE + 1));
    awaitPacket(atVictim, SIZE + 1);
    assertEquals(0, atVictim.exceptions.size());
    done(victim.close());
    assertBystanderLives();
  }
}
