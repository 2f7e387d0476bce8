package io.xenshm.bench.worker;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.xenshm.bench.Answer;

/**
 * Sends a number of bytes in messages of one size, as long as the channel is writable. The time is
 * that from the first write to the server's answer.
 */
final class StreamHandler extends ClientHandler {
  private final ByteBuf message;
  private final int flushBytes;
  private final boolean nested;
  private final long total;
  private long sent;
  private int unflushed;
  private int answered;
  private boolean sending;
  private boolean sendsSoon;
  private Runnable goOn;
  private long start;

  /**
   * The client of one stream.
   *
   * @param message what is sent again and again; the caller keeps it
   * @param total bytes to send, a multiple of the message's
   * @param flushBytes bytes after which a flush follows; at most the message's size for one a write
   * @param nested whether it goes on as soon as the channel is writable: often in the middle of a
   *     flush, where other flushes do nothing, so that it is not one a write
   */
  StreamHandler(ByteBuf message, long total, int flushBytes, boolean nested) {
    super(new Request(false, true, total));
    this.nested = nested;
    this.message = message;
    this.total = total;
    this.flushBytes = flushBytes;
  }

  @Override
  void begin(ChannelHandlerContext ctx) {
    goOn = () -> send(ctx);
    start = System.nanoTime();
    send(ctx);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (start == 0 || sending || sendsSoon) {
      return;
    }
    if (nested) {
      send(ctx);
    } else {
      sendsSoon = true;
      ctx.executor().execute(goOn);
    }
  }

  private void send(ChannelHandlerContext ctx) {
    sendsSoon = false;
    sending = true;
    int size = message.readableBytes();
    while (sent < total && ctx.channel().isWritable()) {
      ByteBuf next = message.retainedDuplicate();
      sent += size;
      unflushed += size;
      if (unflushed < flushBytes) {
        ctx.write(next, ctx.voidPromise());
      } else {
        unflushed = 0;
        ctx.writeAndFlush(next, ctx.voidPromise());
      }
      if (unflushed > 0 && (sent >= total || !ctx.channel().isWritable())) {
        unflushed = 0;
        ctx.flush();
      }
    }
    sending = false;
  }

  @Override
  void received(ChannelHandlerContext ctx, ByteBuf bytes) {
    answered += bytes.readableBytes();
    if (answered == Long.BYTES) {
      complete(new Answer().with("nanos", System.nanoTime() - start));
      ctx.close();
    }
  }
}
