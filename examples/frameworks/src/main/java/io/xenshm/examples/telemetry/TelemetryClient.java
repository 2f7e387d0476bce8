package io.xenshm.examples.telemetry;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.CharsetUtil;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.frameworks.Answers;
import io.xenshm.examples.frameworks.ExampleProgram;
import io.xenshm.examples.frameworks.Tls;
import io.xenshm.netty.XenShmDatagramChannel;
import io.xenshm.netty.XenShmIoHandler;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Counts requests, a packet each, and asks now and then how many of them came. */
public final class TelemetryClient {
  private static final int PACKETS = 20_000;
  private static final int BATCH = 20;

  private TelemetryClient() {}

  /** Sends to the server at {@code HOST:PORT}. */
  public static void main(String[] args) {
    ExampleProgram.call(args, TelemetryClient::run);
  }

  /** Runs it. */
  public static String run(InetSocketAddress address, Tls tls) throws Exception {
    BlockingQueue<Long> answers = new LinkedBlockingQueue<>();
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, XenShmIoHandler.newFactory()); // <- was NioIoHandler.newFactory()
    try {
      Channel channel =
          new Bootstrap()
              .group(group)
              .channel(XenShmDatagramChannel.class) // <- was NioDatagramChannel.class
              .handler(
                  new SimpleChannelInboundHandler<DatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
                      answers.add(Long.parseLong(packet.content().toString(CharsetUtil.US_ASCII)));
                    }
                  })
              .bind(0)
              .sync()
              .channel();
      long counted = 0;
      for (int sent = 0; sent < PACKETS; sent += BATCH) {
        for (int i = 0; i < BATCH; i++) {
          channel.write(packet(channel, address, "requests:1|c"));
        }
        channel.flush();
        counted = ask(channel, address, answers);
      }
      Answers.check("sum", true, counted > 0 && counted <= PACKETS);
      return PACKETS + " packets sent, " + counted + " counted";
    } finally {
      EventLoops.shutDown(group);
    }
  }

  private static long ask(Channel channel, InetSocketAddress server, BlockingQueue<Long> answers)
      throws Exception {
    return Answers.await(
        CompletableFuture.supplyAsync(
            () -> {
              Long sum = null;
              while (sum == null) {
                channel.writeAndFlush(packet(channel, server, "?requests"));
                try {
                  sum = answers.poll(1, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
              return sum;
            }));
  }

  private static DatagramPacket packet(Channel channel, InetSocketAddress server, String text) {
    return new DatagramPacket(ByteBufUtil.writeAscii(channel.alloc(), text), server);
  }
}
