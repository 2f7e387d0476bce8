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
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final InetSocketAddress server =
      new InetSocketAddress(Ports.addressOfGuest(Ports.SERVER_GUEST), Ports.DATAGRAM);
  private final XenShmDatagramChannel channel;

  /** How many were asked, which is the number of the next one. */
  private int questions;

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
    long receivedBefore = ask(true).received;
    long droppedBefore = channel.droppedPackets();
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
    long dropped = channel.droppedPackets() - droppedBefore;
    Answer answer = ask(false);
    long received = answer.received - receivedBefore;
    report.note(
        "%d datagrams sent through a ring in %.1f s, %d received, %d dropped"
            .formatted(PACKETS, seconds, received, dropped));
    Report.require(answer.damaged == 0, answer.damaged + " datagrams were damaged");
    Report.require(
        received + dropped == PACKETS,
        (PACKETS - received - dropped) + " are neither received nor dropped");
    Report.require(channel.ringPeers().contains(server), "the ring was lost, packets took UDP");
    channel.close().sync();
  }

  /** Asks by the ring, which is behind all that was sent through it; or until there is one. */
  private Answer ask(boolean untilThereIsARing) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    // Answers come late here: one to a question of before counts for nothing.
    int least = untilThereIsARing ? Integer.MAX_VALUE : questions;
    Answer answer;
    do {
      Report.require(System.nanoTime() < deadline, "no answer through a ring");
      if (least > questions && channel.ringPeers().contains(server)) {
        least = questions;
      }
      ByteBuf question = DatagramCounter.question(questions++);
      channel.writeAndFlush(new DatagramPacket(question, server)).sync();
      do {
        answer = answers.poll(1, TimeUnit.SECONDS);
      } while (answer != null && answer.question < least && least < questions);
    } while (answer == null || answer.question < least);
    return answer;
  }

  private record Answer(int question, long received, long damaged) {}

  private final class Answers extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      ByteBuf content = packet.content();
      answers.add(new Answer(content.readInt(), content.readLong(), content.readLong()));
    }
  }
}
