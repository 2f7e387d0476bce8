package io.xenshm.machine;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.xenshm.netty.XenShmDatagramChannel;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Datagrams to the server's guest, found by its IP address: what is sent through the ring is
 * received undamaged, or counted as dropped.
 */
final class Datagrams {
  private static final int PACKETS = 20_000;
  private static final int BATCH = 20;
  private static final int USUAL_LENGTH = 1400;
  private static final int MAX_LENGTH = 65_507 - DatagramCounter.HEADER;

  /** One packet of so many may have any length. */
  private static final int LONG_ONES = 50;

  private static final int OFFSETS = 4096;
  private static final int PATIENCE_SECONDS = 120;

  private final Report report;
  private final BlockingQueue<long[]> answers = new LinkedBlockingQueue<>();
  private final InetSocketAddress server =
      new InetSocketAddress(Ports.addressOfGuest(Ports.SERVER_GUEST), Ports.DATAGRAM);
  private final XenShmDatagramChannel channel;

  Datagrams(EventLoopGroup group, Report report) throws InterruptedException {
    this.report = report;
    channel = bind(group, 0, new Answers());
  }

  static XenShmDatagramChannel bind(
      EventLoopGroup group, int port, SimpleChannelInboundHandler<DatagramPacket> handler)
      throws InterruptedException {
    return (XenShmDatagramChannel)
        new Bootstrap()
            .group(group)
            .channelFactory(() -> new XenShmDatagramChannel(SocketProtocolFamily.INET))
            .handler(handler)
            .bind(port)
            .sync()
            .channel();
  }

  void run() throws Exception {
    long before = ask(true)[0];
    Random random = new Random(3);
    byte[] bytes = new byte[OFFSETS + MAX_LENGTH];
    random.nextBytes(bytes);
    long start = System.nanoTime();
    for (int sent = 0; sent < PACKETS; sent += BATCH) {
      for (int i = 0; i < BATCH; i++) {
        int most = random.nextInt(LONG_ONES) == 0 ? MAX_LENGTH : USUAL_LENGTH;
        int length = random.nextInt(most + 1);
        channel.write(
            new DatagramPacket(
                DatagramCounter.data(bytes, random.nextInt(OFFSETS), length), server));
      }
      channel.flush();
      channel.eventLoop().submit(() -> {}).sync();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long dropped = channel.droppedPackets();
    long[] answer = ask(false);
    long received = answer[0] - before;
    report.note(
        "%d datagrams sent through a ring in %.1f s, %d received, %d dropped"
            .formatted(PACKETS, seconds, received, dropped));
    Report.require(answer[1] == 0, answer[1] + " datagrams were damaged");
    Report.require(received + dropped == PACKETS, "some are neither received nor dropped");
    Report.require(channel.ringPeers().contains(server), "the ring was lost, packets took UDP");
    channel.close().sync();
  }

  /** Asks by the ring, which is behind all that was sent through it; or until there is one. */
  private long[] ask(boolean untilThereIsARing) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    boolean throughRing;
    long[] answer;
    do {
      Report.require(System.nanoTime() < deadline, "no answer through a ring");
      throughRing = channel.ringPeers().contains(server);
      channel.writeAndFlush(new DatagramPacket(DatagramCounter.question(), server)).sync();
      answer = answers.poll(1, TimeUnit.SECONDS);
    } while (answer == null || (untilThereIsARing && !throughRing));
    return answer;
  }

  private final class Answers extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      ByteBuf content = packet.content();
      answers.add(new long[] {content.readLong(), content.readLong()});
    }
  }
}
