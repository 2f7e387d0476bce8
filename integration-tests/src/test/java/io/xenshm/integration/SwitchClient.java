package io.xenshm.integration;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.xenshm.examples.Program;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmSocketChannel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Reads lines {@code ADDRESS PORT} from its standard input, connects, has bytes echoed, and prints
 * {@code TOOK PATH REASON MILLIS}.
 */
final class SwitchClient {
  private static final int BYTES = 100_000;
  private static final int PATIENCE_SECONDS = 20;

  private SwitchClient() {}

  private static final class Counter extends SimpleChannelInboundHandler<ByteBuf> {
    private final CompletableFuture<Void> all;
    private int left = BYTES;

    Counter(CompletableFuture<Void> all) {
      this.all = all;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
      left -= message.readableBytes();
      if (left == 0) {
        all.complete(null);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      all.completeExceptionally(cause);
    }
  }

  /** Ends with its standard input. */
  public static void main(String[] args) {
    Program.run(
        "client",
        () -> {
          EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory());
          System.out.println("READY for addresses");
          BufferedReader lines =
              new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
          for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] target = line.split(" ", 2);
            System.out.println("TOOK " + connect(group, target[0], Integer.parseInt(target[1])));
          }
          group.shutdownGracefully().sync();
        });
  }

  private static String connect(EventLoopGroup group, String address, int port) throws Exception {
    CompletableFuture<Void> echoed = new CompletableFuture<>();
    long start = System.nanoTime();
    XenShmSocketChannel channel =
        (XenShmSocketChannel)
            new Bootstrap()
                .group(group)
                .channel(XenShmSocketChannel.class)
                .handler(
                    new ChannelInitializer<XenShmSocketChannel>() {
                      @Override
                      protected void initChannel(XenShmSocketChannel created) {
                        created.pipeline().addLast(new Counter(echoed));
                      }
                    })
                .connect(address, port)
                .sync()
                .channel();
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES]));
    echoed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    String answer = channel.path() + " " + channel.pathReason() + " " + millis;
    channel.close().sync();
    return answer;
  }
}
