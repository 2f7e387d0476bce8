package io.xenshm.containers;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmSocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * Calls an echo server at {@code HOST:PORT} for ever, over a connection that it keeps and, each
 * time, over one that it makes anew. Prints {@code KEPT} or {@code NEW}, and path and reason, where
 * a byte came back, and {@code LOST} or {@code FAILED}, and why, where a connection went.
 */
final class Caller {
  private static final int PERIOD_MILLIS = 300;
  private static final int CALL_SECONDS = 10;

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, XenShmIoHandler.newFactory());
  private final String host;
  private final int port;

  private Caller(String host, int port) {
    this.host = host;
    this.port = port;
  }

  /** Calls until the process is ended. */
  public static void main(String[] args) {
    String[] address = args[0].split(":", -1);
    Caller caller = new Caller(address[0], Integer.parseInt(address[1]));
    caller.call(true);
    caller.call(false);
  }

  private void call(boolean keep) {
    Call call = new Call(keep);
    new Bootstrap()
        .group(group)
        .channel(XenShmSocketChannel.class)
        .handler(
            new ChannelInitializer<XenShmSocketChannel>() {
              @Override
              protected void initChannel(XenShmSocketChannel channel) {
                channel.pipeline().addLast(call);
              }
            })
        .connect(host, port)
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                call.ended("FAILED", connected.cause());
              }
            });
  }

  private static void say(String line) {
    System.out.println(line);
  }

  private final class Call extends SimpleChannelInboundHandler<ByteBuf> {
    private final boolean keep;
    private boolean ended;
    private long answers;

    Call(boolean keep) {
      this.keep = keep;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      send(ctx);
    }

    private void send(ChannelHandlerContext ctx) {
      long awaited = answers;
      ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]));
      ctx.executor()
          .schedule(
              () -> {
                if (answers == awaited && !ended) {
                  ended("FAILED", new IllegalStateException("no answer"));
                  ctx.close();
                }
              },
              CALL_SECONDS,
              TimeUnit.SECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf answer) {
      answers++;
      XenShmSocketChannel channel = (XenShmSocketChannel) ctx.channel();
      say((keep ? "KEPT " : "NEW ") + channel.path() + " " + channel.pathReason());
      if (keep) {
        ctx.executor().schedule(() -> send(ctx), PERIOD_MILLIS, TimeUnit.MILLISECONDS);
      } else {
        ended = true;
        ctx.close();
        again();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      ended("LOST", null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ended("LOST", cause);
      ctx.close();
    }

    void ended(String how, Throwable cause) {
      if (!ended) {
        ended = true;
        say(how + (keep ? " kept " : " new ") + (cause == null ? "closed" : cause.getMessage()));
        again();
      }
    }

    private void again() {
      group.next().schedule(() -> call(keep), PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}
