package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.FixedLengthFrameDecoder;
import io.xenshm.examples.Endpoint;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A connection to an echo server. */
final class EchoConnection {
  private static final int PATIENCE_SECONDS = 30;

  private final BlockingQueue<Long> echoes;
  private final Channel channel;
  private long number;

  private EchoConnection(BlockingQueue<Long> echoes, Channel channel) {
    this.echoes = echoes;
    this.channel = channel;
  }

  /** Connects; throws what connecting fails with. */
  static EchoConnection open(EventLoopGroup group, Endpoint server) throws Exception {
    return open(group, server, new Bootstrap());
  }

  /** Connects with a bootstrap that has options set; throws what connecting fails with. */
  static EchoConnection open(EventLoopGroup group, Endpoint server, Bootstrap bootstrap)
      throws Exception {
    BlockingQueue<Long> echoes = new LinkedBlockingQueue<>();
    Channel channel =
        bootstrap
            .group(group)
            .channel(server.channelClass())
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel ch) {
                    ch.pipeline()
                        .addLast(new FixedLengthFrameDecoder(Long.BYTES))
                        .addLast(new Receiver(echoes));
                  }
                })
            .connect(server.address())
            .sync()
            .channel();
    return new EchoConnection(echoes, channel);
  }

  Channel channel() {
    return channel;
  }

  /** Sends a message and waits for its echo. */
  void roundTrip() throws InterruptedException {
    number++;
    assertTrue(
        channel
            .writeAndFlush(Unpooled.copyLong(number))
            .awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(number, echoes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  /** Closes and waits for the end. */
  void close() {
    assertTrue(channel.close().awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  private static final class Receiver extends SimpleChannelInboundHandler<ByteBuf> {
    private final BlockingQueue<Long> echoes;

    Receiver(BlockingQueue<Long> echoes) {
      this.echoes = echoes;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf echo) {
      echoes.add(echo.readLong());
    }
  }
}
