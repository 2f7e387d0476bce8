package io.xenshm.netty;

import static io.xenshm.netty.Received.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the peer sent before it ended the connection is read, whatever is written meanwhile. {@code
 * EndingComparisonTest} compares everything about an end with epoll; this has many rounds of a few.
 */
class EndOfConnectionTest {
  private static final int CLIENTS = 200;
  private static final int BATCH = 20;
  private static final int RING_SIZE = 16 * 1024;
  private static final byte[] GREETING = new byte[300];

  private TwoDomains domains;

  @BeforeEach
  void start() throws IOException {
    domains = new TwoDomains();
  }

  @AfterEach
  void stop() {
    domains.close();
  }

  private Bootstrap client(ChannelHandler... handlers) {
    return domains
        .client(pipelineOf(handlers))
        .option(XenShmChannelOption.XENSHM_MODE, XenShmMode.REQUIRED)
        .option(XenShmChannelOption.XENSHM_RING_SIZE, RING_SIZE);
  }

  private static ChannelInitializer<Channel> pipelineOf(ChannelHandler... handlers) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        channel.pipeline().addLast(handlers);
      }
    };
  }

  /** A client's handler: writes a little, three times. */
  private static final class WritesOn extends ChannelInboundHandlerAdapter {
    private final int delayMillis;

    WritesOn(int delayMillis) {
      this.delayMillis = delayMillis;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      for (int i = 0; i < 3; i++) {
        ctx.executor().schedule(() -> write(ctx), delayMillis + i, TimeUnit.MILLISECONDS);
      }
      ctx.fireChannelActive();
    }

    private static void write(ChannelHandlerContext ctx) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[100]), ctx.voidPromise());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void eachClientHearsAGreetingThatIsFollowedByAClose(int delayMillis) throws Exception {
    Channel listener =
        domains.bindAddress(
            new ChannelInboundHandlerAdapter() {
              @Override
              public boolean isSharable() {
                return true;
              }

              @Override
              public void channelActive(ChannelHandlerContext ctx) {
                ctx.writeAndFlush(Unpooled.wrappedBuffer(GREETING))
                    .addListener(ChannelFutureListener.CLOSE);
              }
            });
    int heard = 0;
    for (int i = 0; i < CLIENTS; i += BATCH) {
      List<Received> batch = new ArrayList<>();
      for (int j = 0; j < BATCH; j++) {
        Received received = new Received();
        batch.add(received);
        client(new WritesOn(delayMillis), received).connect(listener.localAddress());
      }
      for (Received received : batch) {
        get(received.inactive);
        heard += received.count() == GREETING.length ? 1 : 0;
      }
    }
    assertEquals(CLIENTS, heard);
  }

  /** A server's handler: counts what it gets, and greets late. */
  private static final class LateGreeting extends SimpleChannelInboundHandler<ByteBuf> {
    final CompletableFuture<Integer> received = new CompletableFuture<>();
    private int count;

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      for (int millis = 0; millis < 20; millis += 5) {
        ctx.executor().schedule(() -> greet(ctx), millis, TimeUnit.MILLISECONDS);
      }
    }

    private static void greet(ChannelHandlerContext ctx) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(GREETING), ctx.voidPromise());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
      count += message.readableBytes();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      received.complete(count);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // the greeting came too late
    }
  }

  @Test
  void aServerThatWritesReadsAllOfAClientThatClosed() throws Exception {
    int size = 10_000;
    int complete = 0;
    for (int i = 0; i < CLIENTS / 2; i++) {
      LateGreeting greeting = new LateGreeting();
      Channel listener = domains.bindAddress(greeting);
      Received received = new Received();
      Channel channel = TwoDomains.done(client(received).connect(listener.localAddress()));
      channel
          .writeAndFlush(Unpooled.wrappedBuffer(new byte[size]))
          .addListener(ChannelFutureListener.CLOSE);
      complete += get(greeting.received) == size ? 1 : 0;
      listener.close().sync();
    }
    assertEquals(CLIENTS / 2, complete);
  }

  @Test
  void aClientThatUploadsHearsWhyTheServerDoesNotWantIt() throws Exception {
    Channel listener =
        domains.bindAddress(
            new ChannelInboundHandlerAdapter() {
              @Override
              public boolean isSharable() {
                return true;
              }

              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) {
                ((ByteBuf) message).release();
                ctx.channel().config().setAutoRead(false);
                ctx.writeAndFlush(Unpooled.wrappedBuffer(GREETING))
                    .addListener(ChannelFutureListener.CLOSE);
              }

              @Override
              public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                ctx.close();
              }
            });
    int heard = 0;
    for (int i = 0; i < CLIENTS / 4; i++) {
      Received received = new Received();
      Channel channel = TwoDomains.done(client(received).connect(listener.localAddress()));
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[8 << 20]));
      get(received.inactive);
      heard += received.count() == GREETING.length ? 1 : 0;
    }
    assertTrue(heard == CLIENTS / 4, heard + " of " + CLIENTS / 4);
  }
}
