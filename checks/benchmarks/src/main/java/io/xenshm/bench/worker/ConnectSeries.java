package io.xenshm.bench.worker;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.xenshm.bench.Answer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Connects, exchanges a request and an answer, closes, and connects again; some at a time. Runs on
 * one event loop.
 */
final class ConnectSeries {
  private final Function<ClientHandler, ChannelFuture> connector;
  private final CompletableFuture<Answer> result = new CompletableFuture<>();
  private final int count;
  private final RoundTrips times;
  private int begun;
  private int ended;
  private long start;

  ConnectSeries(Function<ClientHandler, ChannelFuture> connector, int count) {
    this.connector = connector;
    this.count = count;
    times = new RoundTrips(count);
  }

  CompletableFuture<Answer> result() {
    return result;
  }

  void begin(int atATime) {
    start = System.nanoTime();
    for (int i = 0; i < atATime; i++) {
      next();
    }
  }

  private void next() {
    if (begun < count) {
      begun++;
      long connectStart = System.nanoTime();
      connector
          .apply(new OneAnswer())
          .addListener(
              future -> {
                if (future.isSuccess()) {
                  times.record(System.nanoTime() - connectStart);
                } else {
                  result.completeExceptionally(future.cause());
                }
              });
    }
  }

  private void ended() {
    if (++ended == count) {
      result.complete(
          new Answer()
              .with("nanos", System.nanoTime() - start)
              .with("count", count)
              .with("histogram", times.encoded()));
    }
    next();
  }

  private final class OneAnswer extends ClientHandler {
    private boolean answered;

    OneAnswer() {
      super(Request.NOTHING);
    }

    @Override
    void begin(ChannelHandlerContext ctx) {
      answered = true;
      ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (answered) {
        ended();
      } else {
        result.completeExceptionally(new IOException("connection lost"));
      }
    }
  }
}
