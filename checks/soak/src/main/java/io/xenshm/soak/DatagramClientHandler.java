package io.xenshm.soak;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Sends packets a few at a time and checks those that come back. Some may be lost; none may be
 * another one, or come twice.
 */
final class DatagramClientHandler extends SimpleChannelInboundHandler<DatagramPacket> {
  private static final int BURST = 8;
  private static final int PERIOD_MILLIS = 5;
  private static final int LAST_WAIT_MILLIS = 300;
  private static final int MAX_PAYLOAD = 1400;

  private final InetSocketAddress echo;
  private final long seed;
  private final int count;
  private final CompletableFuture<String> outcome;
  private final SplittableRandom sizes;
  private final BitSet returned = new BitSet();
  private int sent;

  /**
   * Creates it.
   *
   * @param outcome is completed once
   */
  DatagramClientHandler(
      InetSocketAddress echo, long seed, int count, CompletableFuture<String> outcome) {
    this.echo = echo;
    this.seed = seed;
    this.count = count;
    this.outcome = outcome;
    this.sizes = new SplittableRandom(seed);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    burst(ctx);
  }

  private void burst(ChannelHandlerContext ctx) {
    for (int i = 0; i < BURST && sent < count; i++) {
      int length = sizes.nextInt(MAX_PAYLOAD);
      ByteBuf packet = ctx.alloc().buffer();
      packet.writeLong(seed).writeInt(sent);
      new Pattern(seed + sent).write(packet, 0, length);
      ctx.write(new DatagramPacket(packet, echo));
      sent++;
    }
    ctx.flush();
    if (sent < count) {
      ctx.executor().schedule(() -> burst(ctx), PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    } else {
      ctx.executor().schedule(() -> end(ctx), LAST_WAIT_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void end(ChannelHandlerContext ctx) {
    ctx.close()
        .addListener(
            closed -> outcome.complete("delivered " + returned.cardinality() + " of " + count));
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
    ByteBuf content = packet.content();
    if (content.readableBytes() < Long.BYTES + Integer.BYTES || content.readLong() != seed) {
      return; // for a channel that had this port before
    }
    int number = content.readInt();
    boolean right =
        number >= 0
            && number < sent
            && new Pattern(seed + number).firstDifference(content, 0, content.readableBytes()) < 0;
    if (!right || returned.get(number)) {
      outcome.completeExceptionally(
          new TransferClientHandler.CorruptionException(
              "packet " + number + " of seed " + seed + " is another, or came twice"));
    }
    returned.set(number);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    outcome.completeExceptionally(cause);
    ctx.close();
  }
}
