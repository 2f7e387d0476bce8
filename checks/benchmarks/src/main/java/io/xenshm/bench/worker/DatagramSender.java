package io.xenshm.bench.worker;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.xenshm.bench.Answer;
import io.xenshm.netty.XenShmDatagramChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Sends datagrams for a while, as fast as the channel takes them. */
final class DatagramSender {
  /** Packets of a flush. */
  private static final int BATCH = 32;

  private static final long PATIENCE_SECONDS = 60;
  private static final long RING_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final Channel channel;
  private final InetSocketAddress recipient;
  private final ByteBuf content;
  private final CompletableFuture<Long> result = new CompletableFuture<>();
  private long sent;
  private long endNanos;

  private DatagramSender(Channel channel, InetSocketAddress recipient, ByteBuf content) {
    this.channel = channel;
    this.recipient = recipient;
    this.content = content;
  }

  /**
   * Sends.
   *
   * @param content of each packet
   */
  static Answer run(NettyTransport transport, int port, ByteBuf content, long millis)
      throws Exception {
    InetSocketAddress recipient = transport.datagramAddress(true, port);
    Channel channel =
        new Bootstrap()
            .group(transport.group())
            .channel(transport.datagramClass())
            .handler(new ChannelInboundHandlerAdapter())
            .bind(transport.datagramAddress(false, 0))
            .sync()
            .channel();
    try {
      if (channel instanceof XenShmDatagramChannel rings) {
        awaitRing(rings, recipient);
      }
      DatagramSender sender = new DatagramSender(channel, recipient, content);
      channel.eventLoop().execute(() -> sender.begin(millis));
      return new Answer().with("sent", sender.result.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    } finally {
      // What was written is read before the ring goes.
      channel.eventLoop().schedule(() -> channel.close(), 300, TimeUnit.MILLISECONDS).sync();
      channel.closeFuture().sync();
    }
  }

  private static void awaitRing(XenShmDatagramChannel channel, InetSocketAddress recipient)
      throws Exception {
    long deadline = System.nanoTime() + RING_NANOS;
    while (!channel.ringPeers().contains(recipient)) {
      if (System.nanoTime() > deadline) {
        throw new TimeoutException("no ring to " + recipient);
      }
      channel.writeAndFlush(new DatagramPacket(channel.alloc().buffer(0, 0), recipient)).sync();
      channel.eventLoop().schedule(() -> {}, 10, TimeUnit.MILLISECONDS).sync();
    }
  }

  private void begin(long millis) {
    endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    sendBatch();
  }

  private void sendBatch() {
    if (System.nanoTime() - endNanos > 0) {
      result.complete(sent);
      return;
    }
    if (channel.isWritable()) {
      for (int i = 0; i < BATCH; i++) {
        channel.write(
            new DatagramPacket(content.retainedDuplicate(), recipient), channel.voidPromise());
      }
      sent += BATCH;
      channel.flush();
    }
    channel.eventLoop().execute(this::sendBatch);
  }
}
