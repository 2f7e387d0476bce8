package io.xenshm.netty;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * The UDP side of a datagram channel: a channel of epoll, registered with the same event loop. What
 * it tells its own pipeline goes into the channel's.
 */
final class UdpSocket {
  private final XenShmDatagramChannel channel;
  private final EpollDatagramChannel socket;

  UdpSocket(XenShmDatagramChannel channel, SocketProtocolFamily family) {
    this.channel = channel;
    socket = new EpollDatagramChannel(family);
    socket.pipeline().addLast(new Bridge());
  }

  EpollDatagramChannel socket() {
    return socket;
  }

  ChannelFuture register(EventLoop loop) {
    return loop.register(socket);
  }

  ChannelFuture deregister() {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().deregister(promise);
    return promise;
  }

  /** Binds; returns the address with the port. */
  InetSocketAddress bind(SocketAddress address) throws Exception {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().bind(address, promise);
    throwFailure(promise);
    return socket.localAddress();
  }

  /** Connects, which takes no time with UDP; returns the own address. */
  InetSocketAddress connect(SocketAddress remote) throws Exception {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().connect(remote, null, promise);
    throwFailure(promise);
    return socket.localAddress();
  }

  void disconnect() throws Exception {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().disconnect(promise);
    throwFailure(promise);
  }

  private static void throwFailure(ChannelFuture future) throws Exception {
    if (future.cause() instanceof Exception e) {
      throw e;
    }
  }

  void beginRead() {
    socket.unsafe().beginRead();
  }

  /**
   * Gives up a read that was begun, with auto-read off. On the event loop. The socket's channel has
   * no other way to be told than auto-read that goes off.
   */
  void stopReading() {
    socket.config().setAutoRead(true);
    socket.config().setAutoRead(false);
  }

  void close() {
    if (socket.isRegistered()) {
      socket.unsafe().close(socket.unsafe().voidPromise());
    } else {
      socket.unsafe().closeForcibly();
    }
  }

  /** The end of the socket's pipeline, and the begin of the channel's. */
  private final class Bridge extends ChannelDuplexHandler {

    @Override
    public void channelActive(ChannelHandlerContext ctx) {}

    /** A socket that is disconnected is inactive, but not closed. */
    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (!socket.isOpen()) {
        channel.unsafe().close(channel.unsafe().voidPromise());
      }
    }

    /** The channel reads when its own pipeline says so. */
    @Override
    public void read(ChannelHandlerContext ctx) {}

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (channel.config().getMode() == XenShmMode.REQUIRED) {
        ReferenceCountUtil.release(message);
        channel.packetDropped();
        return;
      }
      channel.udpPacketRead();
      channel.pipeline().fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      channel.pipeline().fireChannelReadComplete();
    }

    /** The channel's outbound buffer has water marks of its own. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {}

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      channel.pipeline().fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      channel.pipeline().fireExceptionCaught(cause);
    }
  }
}
