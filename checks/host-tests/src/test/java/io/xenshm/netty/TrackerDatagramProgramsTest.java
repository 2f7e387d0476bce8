package io.xenshm.netty;

import static io.xenshm.netty.ThreeWays.onLoop;
import static io.xenshm.netty.ThreeWays.random;
import static io.xenshm.netty.ThreeWays.settle;
import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs of datagrams, after reports in Netty's tracker; docs/netty-testsuite.md says which. Each
 * has the same outcome over epoll. TCP stands for UDP here.
 */
class TrackerDatagramProgramsTest {
  private static final int SOL_SOCKET = 1;
  private static final int SO_PRIORITY = 12;

  private ThreeWays ways;
  private final Packets atServer = new Packets();
  private final Packets atClient = new Packets();

  @BeforeEach
  void start() throws IOException {
    ways = new ThreeWays();
  }

  @AfterEach
  void stop() {
    ways.close();
  }

  private static Bootstrap bootstrap(Way way, EventLoopGroup loops, ChannelHandler handler) {
    Bootstrap bootstrap =
        new Bootstrap().group(loops).handler(handler).option(ChannelOption.SO_RCVBUF, 1 << 20);
    return way == Way.EPOLL
        ? bootstrap.channelFactory(() -> new EpollDatagramChannel(SocketProtocolFamily.INET))
        : bootstrap
            .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
            .option(
                XenShmChannelOption.XENSHM_MODE,
                way == Way.TCP ? XenShmMode.OFF : XenShmMode.PREFERRED);
  }

  private static DatagramChannel bind(Bootstrap bootstrap, InetAddress address) {
    return (DatagramChannel) done(bootstrap.bind(new InetSocketAddress(address, 0)));
  }

  private DatagramChannel server(Way way) {
    EventLoopGroup loops = way == Way.EPOLL ? ways.clientLoops(way) : ways.domains.serverWorkers;
    return bind(bootstrap(way, loops, atServer), SERVER_ADDRESS);
  }

  private DatagramChannel client(Way way) {
    return bind(bootstrap(way, ways.clientLoops(way), atClient), CLIENT_ADDRESS);
  }

  /** Sends a packet, and has a ring made where packets take rings. */
  private void begin(Way way, DatagramChannel client, DatagramChannel server) throws Exception {
    done(client.writeAndFlush(packet(Unpooled.wrappedBuffer(random(1)), server)));
    atServer.next();
    if (way == Way.SHARED_MEMORY) {
      Packets.awaitRing((XenShmDatagramChannel) client, server.localAddress());
      Packets.awaitRing((XenShmDatagramChannel) server, client.localAddress());
    }
  }

  private static DatagramPacket packet(ByteBuf content, Channel recipient) {
    return new DatagramPacket(content, (InetSocketAddress) recipient.localAddress());
  }

  @ParameterizedTest
  @EnumSource
  void ofABufferTheReadableBytesAreSent(Way way) throws Exception {
    DatagramChannel server = server(way);
    DatagramChannel client = client(way);
    begin(way, client, server);
    List<ByteBuf> contents =
        List.of(
            client.alloc().directBuffer().writeBytes(random(500)).skipBytes(100),
            client.alloc().heapBuffer().writeBytes(random(500)).skipBytes(101),
            Unpooled.wrappedBuffer(random(500)).asReadOnly().skipBytes(102),
            Unpooled.wrappedBuffer(random(500)).slice(7, 300).skipBytes(3),
            client
                .alloc()
                .compositeBuffer()
                .addComponents(
                    true,
                    Unpooled.wrappedBuffer(random(20)),
                    Unpooled.EMPTY_BUFFER,
                    Unpooled.directBuffer().writeBytes(random(300)))
                .skipBytes(9));
    for (ByteBuf content : contents) {
      byte[] expected = ByteBufUtil.getBytes(content);

      done(client.writeAndFlush(packet(content, server)));

      assertArrayEquals(expected, atServer.next().content());
      settle(client);
      assertEquals(0, content.refCnt());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aChannelThatWasDisconnectedConnectsAgain(Way way) throws Exception {
    DatagramChannel server = server(way);
    DatagramChannel client = client(way);
    for (int round = 0; round < 3; round++) {
      done(client.connect(server.localAddress()));
      assertTrue(client.isConnected() && client.isActive());
      assertEquals(server.localAddress(), client.remoteAddress());
      done(client.writeAndFlush(Unpooled.wrappedBuffer(random(100 + round))));
      Packets.Packet received = atServer.next();
      assertArrayEquals(random(100 + round), received.content());
      done(
          server.writeAndFlush(
              new DatagramPacket(Unpooled.wrappedBuffer(random(7)), received.sender())));
      assertArrayEquals(random(7), atClient.next().content());

      done(client.disconnect());

      assertFalse(client.isConnected());
      assertNull(client.remoteAddress());
      assertTrue(client.isOpen());
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneReadByHandBringsOnePacket(Way way) throws Exception {
    DatagramChannel server = server(way);
    DatagramChannel client = client(way);
    begin(way, client, server);
    onLoop(server, () -> server.config().setAutoRead(false));
    for (int i = 0; i < 5; i++) {
      done(client.writeAndFlush(packet(Unpooled.wrappedBuffer(random(10 + i)), server)));
    }
    for (int i = 0; i < 5; i++) {
      settle(server);
      assertEquals(0, atServer.waiting());

      server.read();

      assertArrayEquals(random(10 + i), atServer.next().content());
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneReadByHandBringsOnePacketOfTwoSenders(Way way) throws Exception {
    DatagramChannel server = server(way);
    DatagramChannel client = client(way);
    DatagramChannel stranger =
        bind(bootstrap(Way.EPOLL, ways.clientLoops(Way.EPOLL), new Packets()), CLIENT_ADDRESS);
    begin(way, client, server);
    onLoop(server, () -> server.config().setAutoRead(false));
    done(client.writeAndFlush(packet(Unpooled.wrappedBuffer(random(10)), server)));
    done(stranger.writeAndFlush(packet(Unpooled.wrappedBuffer(random(10)), server)));

    server.read();
    atServer.next();
    settle(server);

    assertEquals(0, atServer.waiting());
    server.read();
    atServer.next();
  }

  @ParameterizedTest
  @EnumSource
  void aPacketToNobodyFailsAlone(Way way) throws Exception {
    DatagramChannel server = server(way);
    DatagramChannel client = client(way);
    begin(way, client, server);

    Throwable failure =
        client
            .writeAndFlush(
                new DatagramPacket(
                    Unpooled.wrappedBuffer(random(10)), new InetSocketAddress(SERVER_ADDRESS, 0)))
            .awaitUninterruptibly()
            .cause();

    assertInstanceOf(IOException.class, failure);
    done(client.writeAndFlush(packet(Unpooled.wrappedBuffer(random(20)), server)));
    assertArrayEquals(random(20), atServer.next().content());
  }

  @ParameterizedTest
  @EnumSource
  void optionsAndTheirValuesAreThoseOfEpoll(Way way) {
    EpollDatagramChannel epoll = new EpollDatagramChannel(SocketProtocolFamily.INET);
    DatagramChannel channel =
        way == Way.EPOLL
            ? new EpollDatagramChannel(SocketProtocolFamily.INET)
            : new XenShmDatagramChannel(SocketProtocolFamily.INET);
    ChannelOption<Integer> priority =
        new IntegerUnixChannelOption("SO_PRIORITY", SOL_SOCKET, SO_PRIORITY);
    try {
      assertTrue(
          channel.config().getOptions().keySet().containsAll(epoll.config().getOptions().keySet()));
      assertEquals(messagesPerRead(epoll), messagesPerRead(channel));
      assertTrue(channel.config().setOption(EpollChannelOption.IP_MULTICAST_ALL, false));
      assertFalse(channel.config().getOption(EpollChannelOption.IP_MULTICAST_ALL));
      assertTrue(channel.config().setOption(priority, 3));
      assertEquals(3, channel.config().getOption(priority));
    } finally {
      epoll.unsafe().closeForcibly();
      channel.unsafe().closeForcibly();
    }
  }

  private static int messagesPerRead(Channel channel) {
    return ((MaxMessagesRecvByteBufAllocator) channel.config().getRecvByteBufAllocator())
        .maxMessagesPerRead();
  }
}
