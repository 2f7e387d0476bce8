package io.xenshm.netty;

import io.netty.bootstrap.AbstractBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.StringUtil;

/** Sets a bootstrap up for this transport, or says what to change. */
final class Bootstraps {
  private static final String RIGHT_GROUP =
      "use new MultiThreadIoEventLoopGroup(XenShmIoHandler.newFactory())";

  private Bootstraps() {}

  /** Checks that a group's event loops can carry this transport's channels. */
  static void check(String role, EventLoopGroup group) {
    if (group == null) {
      throw new IllegalStateException(
          "the bootstrap has no " + role + " yet: set it first, and " + RIGHT_GROUP);
    }
    for (EventExecutor loop : group) {
      if (!(loop instanceof IoEventLoop io && io.isCompatible(XenShmIoHandle.class))) {
        throw new IllegalStateException(
            "the event loops of the bootstrap's "
                + role
                + " ("
                + describe(loop)
                + ") cannot carry this transport's channels: "
                + RIGHT_GROUP);
      }
    }
  }

  private static String describe(EventExecutor loop) {
    return loop instanceof EventLoop eventLoop && eventLoop.parent() != null
        ? StringUtil.simpleClassName(eventLoop.parent())
        : StringUtil.simpleClassName(loop);
  }

  /** Sets the channel class, and the mode unless that is set. */
  static <B extends AbstractBootstrap<B, C>, C extends Channel> B set(
      B bootstrap, ChannelFactory<? extends C> factory, Class<? extends C> channelClass) {
    var present = bootstrap.config().channelFactory();
    if (present != null) {
      throw new IllegalStateException(
          "the bootstrap has a channel class already ("
              + present
              + "), and Netty lets nobody change it: leave its channel(...) out, "
              + StringUtil.simpleClassName(channelClass)
              + " is set here");
    }
    if (!bootstrap.config().options().containsKey(XenShmChannelOption.XENSHM_MODE)) {
      bootstrap.option(XenShmChannelOption.XENSHM_MODE, XenShmMode.PREFERRED);
    }
    return bootstrap.channelFactory(factory);
  }
}
