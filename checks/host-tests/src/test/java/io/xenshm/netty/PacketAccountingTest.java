package io.xenshm.netty;

import static io.xenshm.netty.TwoDomains.CLIENT_ADDRESS;
import static io.xenshm.netty.TwoDomains.SERVER_ADDRESS;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many packets of all sizes between two domains, in bursts that often overrun the receiver: what is
 * sent is received whole, or lost; and where it is lost on a ring, it is counted.
 */
@Timeout(value = PacketAccountingTest.MAX_MINUTES, unit = TimeUnit.MINUTES)
class PacketAccountingTest {
  static final int MAX_MINUTES = 60;

  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(PacketAccountingTest.class);

  /** A number of packets that proves more takes minutes. */
  private static final int PACKETS = Integer.getInteger("xenshm.test.packets", 200_000);

  private static final int MAX_BURST = 100;
  private static final int UDP_BUFFER = 1 << 16;

  private NumberedPackets atServer;
  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private static XenShmDatagramChannel bind(
      EventLoopGroup loops, InetAddress address, XenShmMode mode, ChannelHandler handler) {
    return (XenShmDatagramChannel)
        done(
            new Bootstrap()
                .group(loops)
                .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
                // paranoid leak detection of so many buffers would take minutes
                .option(ChannelOption.ALLOCATOR, new UnpooledByteBufAllocator(true, true))
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(UDP_BUFFER))
                .option(XenShmChannelOption.XENSHM_MODE, mode)
                .handler(handler)
                .bind(new InetSocketAddress(address, 0)));
  }

  @Test
  void whatIsSentThroughARingIsReceivedOrCountedAsDropped() throws Exception {
    atServer = new NumberedPackets(PACKETS, true);
    XenShmDatagramChannel server =
        bind(domains.serverWorkers, SERVER_ADDRESS, XenShmMode.REQUIRED, atServer);
    XenShmDatagramChannel client =
        bind(
            domains.clientLoops,
            CLIENT_ADDRESS,
            XenShmMode.REQUIRED,
            new ChannelInboundHandlerAdapter());
    client.connect(server.localAddress()).sync();
    Packets.awaitRing(client, server.localAddress());

    send(client, true);

    Packets.await(
        server,
        () -> atServer.received() + client.droppedPackets() == PACKETS,
        "all packets are received or dropped");
    report("a ring", client.droppedPackets());
    assertEquals(0, atServer.damaged());
    assertTrue(atServer.received() > 0);
    assertEquals(Set.of(server.localAddress()), client.ringPeers());
    assertEquals(0, server.droppedPackets(), "by UDP they would have been dropped");
  }

  @Test
  void whatUdpDeliversIsUndamaged() throws Exception {
    atServer = new NumberedPackets(PACKETS, false);
    XenShmDatagramChannel server =
        bind(domains.serverWorkers, SERVER_ADDRESS, XenShmMode.PREFERRED, atServer);
    XenShmDatagramChannel client =
        bind(
            domains.clientLoops,
            CLIENT_ADDRESS,
            XenShmMode.OFF,
            new ChannelInboundHandlerAdapter());
    client.connect(server.localAddress()).sync();

    send(client, false);

    Packets.await(
        server,
        () -> {
          client.writeAndFlush(NumberedPackets.end());
          return atServer.hasEnded();
        },
        "the end comes");
    report("UDP", 0);
    assertEquals(0, atServer.damaged());
    assertTrue(atServer.received() > 0);
    assertEquals(Set.of(), client.ringPeers());
  }

  private void report(String path, long dropped) {
    logger.info(
        "Over {}: {} packets sent, {} received, {} dropped by the sender, {} damaged",
        path,
        PACKETS,
        atServer.received(),
        dropped,
        atServer.damaged());
  }

  private void send(XenShmDatagramChannel client, boolean allIsCounted) throws Exception {
    Sender sender = new Sender(client, allIsCounted);
    client.eventLoop().execute(sender);
    sender.done.get(MAX_MINUTES, TimeUnit.MINUTES);
  }

  /**
   * Sends bursts. Where all losses are counted, every other one waits until nothing is under way.
   */
  private final class Sender implements Runnable {
    private final XenShmDatagramChannel channel;
    private final boolean allIsCounted;
    private final Random random = new Random(1);
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private int sent;
    private boolean waits;

    Sender(XenShmDatagramChannel channel, boolean allIsCounted) {
      this.channel = channel;
      this.allIsCounted = allIsCounted;
    }

    @Override
    public void run() {
      if (!waits || atServer.received() + channel.droppedPackets() == sent) {
        int end = Math.min(PACKETS, sent + 1 + random.nextInt(MAX_BURST));
        while (sent < end) {
          channel.write(NumberedPackets.packet(channel.alloc(), sent++), channel.voidPromise());
        }
        channel.flush();
        waits = allIsCounted && random.nextBoolean();
      }
      if (sent < PACKETS) {
        channel.eventLoop().execute(this);
      } else {
        done.complete(null);
      }
    }
  }
}
