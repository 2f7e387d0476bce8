package io.xenshm.examples.reactor;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** What Reactor Netty asks for event loops and channels. */
public final class XenShmLoopResources implements LoopResources {
  private final EventLoopGroup group;

  /** Creates event loops; {@link #dispose()} or {@link #disposeLater()} ends them. */
  public XenShmLoopResources(int threads) {
    group = new MultiThreadIoEventLoopGroup(threads, XenShmIoHandler.newFactory());
  }

  @Override
  public EventLoopGroup onServer(boolean useNative) {
    return group;
  }

  @Override
  public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup loops) {
    if (type == SocketChannel.class) {
      return type.cast(new XenShmSocketChannel());
    }
    if (type == ServerSocketChannel.class) {
      return type.cast(new XenShmServerSocketChannel());
    }
    if (type == DatagramChannel.class) {
      return type.cast(new EpollDatagramChannel());
    }
    throw unsupported(type);
  }

  @Override
  public <C extends Channel> Class<? extends C> onChannelClass(
      Class<C> type, EventLoopGroup loops) {
    if (type == SocketChannel.class) {
      return XenShmSocketChannel.class.asSubclass(type);
    }
    if (type == ServerSocketChannel.class) {
      return XenShmServerSocketChannel.class.asSubclass(type);
    }
    if (type == DatagramChannel.class) {
      return EpollDatagramChannel.class.asSubclass(type);
    }
    throw unsupported(type);
  }

  private static IllegalArgumentException unsupported(Class<?> type) {
    return new IllegalArgumentException("no channel of the type " + type.getName());
  }

  @Override
  public boolean isDisposed() {
    return group.isShuttingDown();
  }

  @Override
  public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
    return Mono.create(
        ended -> {
          group.shutdownGracefully(
              quietPeriod.toMillis(), timeout.toMillis(), TimeUnit.MILLISECONDS);
          group.terminationFuture().addListener(done -> ended.success());
        });
  }
}
