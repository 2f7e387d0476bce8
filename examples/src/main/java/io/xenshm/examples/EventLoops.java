package io.xenshm.examples;

import io.netty.channel.EventLoopGroup;
import java.util.concurrent.TimeUnit;

/** Ends event loops. */
public final class EventLoops {
  private static final long TIMEOUT_SECONDS = 5;

  private EventLoops() {}

  /** Closes the group's channels and ends its threads; returns when that is done. */
  public static void shutDown(EventLoopGroup group) {
    group
        .shutdownGracefully(0, TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .awaitUninterruptibly(2 * TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }
}
