package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Collects the packets that a channel gets, for a test to wait for. */
final class Packets extends SimpleChannelInboundHandler<DatagramPacket> {
  private static final int TIMEOUT_SECONDS = 20;

  /** A packet, copied. */
  @SuppressWarnings("ArrayRecordComponent") // is never compared
  record Packet(InetSocketAddress sender, InetSocketAddress recipient, byte[] content) {}

  final BlockingQueue<Throwable> exceptions = new LinkedBlockingQueue<>();
  private final BlockingQueue<Packet> packets = new LinkedBlockingQueue<>();

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
    packets.add(
        new Packet(packet.sender(), packet.recipient(), ByteBufUtil.getBytes(packet.content())));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    exceptions.add(cause);
  }

  Packet next() throws InterruptedException {
    Packet packet = packets.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    assertTrue(packet != null, "no packet came");
    return packet;
  }

  Throwable nextException() throws InterruptedException {
    Throwable cause = exceptions.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    assertTrue(cause != null, "no exception was fired");
    return cause;
  }

  int waiting() {
    return packets.size();
  }

  /** Waits for what a channel's event loop brings about. */
  static void await(XenShmDatagramChannel channel, BooleanSupplier condition, String what)
      throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, () -> "waited in vain: " + what);
      channel.eventLoop().schedule(() -> {}, 1, TimeUnit.MILLISECONDS).sync();
    }
  }

  /** Waits until packets to a peer take shared memory. */
  static void awaitRing(XenShmDatagramChannel channel, InetSocketAddress peer) throws Exception {
    await(channel, () -> channel.ringPeers().contains(peer), "a ring to " + peer);
  }
}
