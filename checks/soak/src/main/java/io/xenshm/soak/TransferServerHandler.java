package io.xenshm.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.security.MessageDigest;
import java.util.function.Consumer;

/** Takes one transfer, checks each byte, and answers with a pattern and a digest. */
final class TransferServerHandler extends ChannelInboundHandlerAdapter {
  private final Consumer<String> complaints;
  private final ByteBuf header = Unpooled.buffer(Transfer.HEADER_SIZE);
  private final MessageDigest digest = Sending.sha256();
  private Transfer transfer;
  private Sending sending;
  private Pauses pauses;
  private long received;
  private boolean ended;
  private boolean answered;

  /**
   * Creates it.
   *
   * @param complaints is told what must not be
   */
  TransferServerHandler(Consumer<String> complaints) {
    this.complaints = complaints;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf data = (ByteBuf) message;
    try {
      if (transfer == null) {
        data.readBytes(header, Math.min(data.readableBytes(), header.writableBytes()));
        if (header.isWritable()) {
          return;
        }
        transfer = Transfer.read(header);
        sending = new Sending(transfer.downward(), transfer.down());
        pauses = new Pauses(transfer.pauseEvery());
      }
      check(data);
    } finally {
      data.release();
    }
    progress(ctx);
    pauses.received(ctx, received);
  }

  private void check(ByteBuf data) {
    int count = data.readableBytes();
    long wrong = transfer.upward().firstDifference(data, received, count);
    if (wrong >= 0 || received + count > transfer.up()) {
      complaints.accept("CORRUPT byte " + wrong + " of " + transfer + " after " + received);
    }
    digest.update(data.nioBuffer());
    received += count;
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    progress(ctx);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      ended = true;
      if (transfer == null || received < transfer.up()) {
        ctx.close(); // the client gave up in the middle
      } else {
        progress(ctx);
      }
    }
  }

  private void progress(ChannelHandlerContext ctx) {
    if (transfer != null && sending.pump(ctx) && ended && !answered) {
      answered = true;
      ctx.writeAndFlush(Unpooled.wrappedBuffer(digest.digest()))
          .addListener(written -> ((DuplexChannel) ctx.channel()).shutdownOutput())
          .addListener(written -> ctx.close());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Outcome.complainUnlessExpected(cause, complaints);
    ctx.close();
  }
}
