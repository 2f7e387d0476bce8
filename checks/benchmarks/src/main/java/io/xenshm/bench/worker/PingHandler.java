package io.xenshm.bench.worker;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.xenshm.bench.Answer;

/** Sends a message, waits until all of it came back, and so on. */
class PingHandler extends ClientHandler {
  private final ByteBuf message;
  private final RoundTrips roundTrips;
  private int received;

  /**
   * The client of one series of round trips.
   *
   * @param message what is sent again and again; the caller keeps it
   */
  PingHandler(ByteBuf message, RoundTrips roundTrips, boolean spins) {
    super(new Request(true, spins, 0));
    this.message = message;
    this.roundTrips = roundTrips;
  }

  @Override
  void begin(ChannelHandlerContext ctx) {
    roundTrips.begin();
    ctx.writeAndFlush(message.retainedDuplicate(), ctx.voidPromise());
  }

  @Override
  final void received(ChannelHandlerContext ctx, ByteBuf bytes) {
    received += bytes.readableBytes();
    if (received < message.readableBytes()) {
      return;
    }
    received = 0;
    if (roundTrips.ended()) {
      ctx.writeAndFlush(message.retainedDuplicate(), ctx.voidPromise());
    } else {
      complete(new Answer());
      ctx.close();
    }
  }
}
