package io.xenshm.netty;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetSocketAddress;

/**
 * A server channel's way to take connections by TCP: a server channel of epoll, registered with the
 * same event loop. Belongs to that loop.
 */
final class TcpListener {
  private final XenShmServerSocketChannel channel;
  private final EpollServerSocketChannel socket = new EpollServerSocketChannel();

  TcpListener(XenShmServerSocketChannel channel) {
    this.channel = channel;
    socket.pipeline().addLast(new Bridge());
    try {
      channel.config().forwardTo(socket.config());
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  ChannelFuture register(EventLoop loop) {
    return loop.register(socket);
  }

  ChannelFuture deregister() {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().deregister(promise);
    return promise;
  }

  /** Binds and listens; returns the address with the port. */
  InetSocketAddress bind(InetSocketAddress address) throws Exception {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().bind(address, promise);
    if (promise.cause() instanceof Exception e) {
      throw e;
    }
    return socket.localAddress();
  }

  void beginRead() {
    socket.unsafe().beginRead();
  }

  void close() {
    if (socket.isRegistered()) {
      socket.unsafe().close(socket.unsafe().voidPromise());
    } else {
      socket.unsafe().closeForcibly();
    }
  }

  private final class Bridge extends ChannelDuplexHandler {

    @Override
    public void channelActive(ChannelHandlerContext ctx) {}

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      channel.unsafe().close(channel.unsafe().voidPromise());
    }

    /** The channel reads when its own pipeline says so. */
    @Override
    public void read(ChannelHandlerContext ctx) {}

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      EpollSocketChannel accepted = (EpollSocketChannel) message;
      XenShmSocketChannel child;
      try {
        child = new XenShmSocketChannel(channel, accepted);
      } catch (Throwable e) {
        accepted.unsafe().closeForcibly();
        throw e;
      }
      channel.pipeline().fireChannelRead(child);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      channel.pipeline().fireChannelReadComplete();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      channel.pipeline().fireExceptionCaught(cause);
    }
  }
}
