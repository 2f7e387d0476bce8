package io.xenshm.bench.worker;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.DatagramPacket;
import io.xenshm.bench.Answer;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;

/** Counts datagrams of one size. Those of other sizes are there to have a ring made. */
final class DatagramServer {
  /** Packets that one system call takes. */
  private static final int AT_ONCE = 16;

  private final Channel channel;
  private final Counter counter;

  /**
   * Binds.
   *
   * @param size bytes of a packet
   * @param many whether epoll is to receive several packets by a system call
   */
  DatagramServer(NettyTransport transport, int size, boolean many)
      throws InterruptedException, UnknownHostException {
    counter = new Counter(size);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(transport.group())
            .channel(transport.datagramClass())
            .handler(counter);
    if (many) {
      bootstrap.option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, size);
    }
    channel = bootstrap.bind(transport.datagramAddress(true, 0)).sync().channel();
    channel
        .config()
        .setRecvByteBufAllocator(new FixedRecvByteBufAllocator(many ? AT_ONCE * size : size));
  }

  int port() {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /** Returns what came, once nothing comes any more. */
  Answer end() throws Exception {
    long seen = -1;
    while (seen != counter.received) {
      seen = counter.received;
      channel.eventLoop().schedule(() -> {}, 100, TimeUnit.MILLISECONDS).sync();
    }
    channel.close().sync();
    return new Answer()
        .with("received", counter.received)
        .with("nanos", Math.max(1, counter.last - counter.first));
  }

  private static final class Counter extends ChannelInboundHandlerAdapter {
    private final int size;
    private volatile long received;
    private long count;
    private long first;
    private long last;

    Counter(int size) {
      this.size = size;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      DatagramPacket packet = (DatagramPacket) message;
      if (packet.content().readableBytes() == size) {
        if (count++ == 0) {
          first = System.nanoTime();
        }
      }
      packet.release();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      if (received != count) {
        received = count;
        last = System.nanoTime();
      }
    }
  }
}
