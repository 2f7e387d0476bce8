package io.xenshm.netty;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;

/** Half-closing of a channel, from any thread. */
final class Shutdowns {
  private final XenShmSocketChannel channel;

  Shutdowns(XenShmSocketChannel channel) {
    this.channel = channel;
  }

  ChannelFuture both(ChannelPromise promise) {
    channel
        .shutdownOutput()
        .addListener(
            output ->
                channel
                    .shutdownInput()
                    .addListener(input -> cascade(output.isSuccess() ? input : output, promise)));
    return promise;
  }

  ChannelFuture input(ChannelPromise promise) {
    onLoop(
        () -> {
          if (channel.isActive()) {
            channel.carrier().shutdownInput(promise);
          } else {
            promise.setFailure(
                channel.isOpen() ? new NotYetConnectedException() : new ClosedChannelException());
          }
        });
    return promise;
  }

  ChannelFuture output(ChannelPromise promise) {
    onLoop(() -> channel.shutdownOutputNow(promise));
    return promise;
  }

  private void onLoop(Runnable task) {
    EventLoop loop = channel.eventLoop();
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  /** Ends a promise as a future ends. */
  static void cascade(Future<?> future, ChannelPromise promise) {
    future.addListener(
        done -> {
          if (done.isSuccess()) {
            promise.setSuccess();
          } else {
            promise.setFailure(done.cause());
          }
        });
  }
}
