package io.xenshm.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/** Sends and receives one transfer, or gives up in the middle of it. */
final class TransferClientHandler extends ChannelInboundHandlerAdapter {
  static final String DELIVERED = "delivered";
  static final String ABORTED = "aborted";

  private final Transfer transfer;
  private final long abortAfter;
  private final CompletableFuture<String> outcome;
  private final Sending sending;
  private final Pauses pauses;
  private final ByteBuf digest = Unpooled.buffer(Transfer.DIGEST_SIZE);
  private long received;
  private boolean finished;

  /**
   * Creates it.
   *
   * @param abortAfter closes after so many bytes sent and received; -1: never
   * @param outcome is completed once
   */
  TransferClientHandler(Transfer transfer, long abortAfter, CompletableFuture<String> outcome) {
    this.transfer = transfer;
    this.abortAfter = abortAfter;
    this.outcome = outcome;
    this.sending = new Sending(transfer.upward(), transfer.up());
    this.pauses = new Pauses(transfer.pauseEvery());
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    ByteBuf header = ctx.alloc().buffer(Transfer.HEADER_SIZE);
    transfer.write(header);
    ctx.writeAndFlush(header);
    progress(ctx);
    ctx.fireChannelActive();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    progress(ctx);
  }

  private void progress(ChannelHandlerContext ctx) {
    if (finished || !ctx.channel().isActive()) {
      return;
    }
    boolean all = sending.pump(ctx);
    if (abortAfter >= 0 && sending.sent() + received >= abortAfter) {
      finished = true;
      outcome.complete(ABORTED);
      ctx.close();
    } else if (all) {
      finished = true;
      // after the last byte: what is not written when the output is shut never will be
      ctx.writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(written -> ((DuplexChannel) ctx.channel()).shutdownOutput());
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf data = (ByteBuf) message;
    try {
      int count = (int) Math.min(data.readableBytes(), transfer.down() - received);
      long wrong = transfer.downward().firstDifference(data, received, count);
      if (wrong >= 0) {
        throw new CorruptionException("byte " + wrong + " of " + transfer + " is another");
      }
      data.skipBytes(count);
      received += count;
      if (data.readableBytes() > digest.writableBytes()) {
        throw new CorruptionException("more bytes than the server sent in " + transfer);
      }
      digest.writeBytes(data);
    } finally {
      data.release();
    }
    progress(ctx);
    pauses.received(ctx, received);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (digest.isWritable()) {
      outcome.completeExceptionally(
          new IOException("closed after " + sending.sent() + " and " + received + " bytes"));
    } else if (Arrays.equals(digest.array(), sending.digest())) {
      outcome.complete(DELIVERED);
    } else {
      outcome.completeExceptionally(new CorruptionException("digests differ in " + transfer));
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof io.netty.channel.socket.ChannelInputShutdownEvent) {
      ctx.close();
    }
  }

  /** The channel is closed, also where it never was active. */
  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    outcome.completeExceptionally(new IOException("closed before it began"));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    outcome.completeExceptionally(cause);
    ctx.close();
  }

  /** Bytes are not those that were sent. */
  static final class CorruptionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CorruptionException(String message) {
      super(message);
    }
  }
}
