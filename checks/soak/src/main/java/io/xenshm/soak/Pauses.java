package io.xenshm.soak;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;

/** A receiver that stops reading now and then, so that the other end feels back-pressure. */
final class Pauses {
  private static final int PAUSE_MILLIS = 3;

  private final int every;
  private long next;

  Pauses(int every) {
    this.every = every;
    this.next = every;
  }

  void received(ChannelHandlerContext ctx, long total) {
    if (every == 0 || total < next) {
      return;
    }
    next = total + every;
    ctx.channel().config().setAutoRead(false);
    ctx.executor()
        .schedule(
            () -> ctx.channel().config().setAutoRead(true), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
  }
}
