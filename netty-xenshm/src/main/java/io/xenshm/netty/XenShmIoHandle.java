package io.xenshm.netty;

import io.netty.channel.Channel;
import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;

/**
 * The channels that {@link XenShmIoHandler} carries itself, beside the handles of epoll. Their
 * doorbells wake them, so they get no events.
 */
interface XenShmIoHandle extends IoHandle {

  @Override
  default void handle(IoRegistration registration, IoEvent event) {
    throw new IllegalStateException("a shared-memory channel gets no events: " + event);
  }

  @Override
  void close();

  /** Returns the channel. */
  Channel channel();

  /** Tells the channel's state, for a log. On the event loop. */
  String describe();
}
