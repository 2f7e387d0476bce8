package io.xenshm.netty;

import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;

/**
 * The promise of an accepted channel's first registration, in front of the caller's. Netty settles
 * it on the event loop, after the handlers were added and before they are told that the channel is
 * active: the moment to tell all of them of the path, without a handler in the program's pipeline.
 */
final class AcceptedPromise extends DefaultChannelPromise {
  private final XenShmSocketChannel channel;
  private final ChannelPromise caller;

  AcceptedPromise(XenShmSocketChannel channel, EventLoop loop, ChannelPromise caller) {
    super(channel, loop);
    this.channel = channel;
    this.caller = caller;
  }

  @Override
  public boolean setUncancellable() {
    return caller.setUncancellable();
  }

  @Override
  public boolean trySuccess(Void result) {
    channel.announcePath();
    return caller.isVoid() || caller.trySuccess();
  }

  @Override
  public boolean tryFailure(Throwable cause) {
    return caller.isVoid() || caller.tryFailure(cause);
  }

  @Override
  public ChannelPromise setFailure(Throwable cause) {
    caller.setFailure(cause);
    return this;
  }
}
