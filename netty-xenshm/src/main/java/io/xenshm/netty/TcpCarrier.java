package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.channel.unix.UnixChannelUtil;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.Executor;

/**
 * Carries a channel's bytes by TCP: through a socket channel of epoll, registered with the same
 * event loop. What the socket's channel tells its own pipeline goes into the channel's.
 */
final class TcpCarrier implements Carrier {
  private final XenShmSocketChannel channel;
  private final EpollSocketChannel socket;
  private final TcpWriter writer;

  /** Takes ownership of the socket. */
  TcpCarrier(XenShmSocketChannel channel, EpollSocketChannel socket) {
    this.channel = channel;
    this.socket = socket;
    writer = new TcpWriter(channel, socket);
    socket.pipeline().addLast(new Bridge());
    socket.closeFuture().addListener(closed -> socketClosed());
    channel.config().forwardTo(socket.config());
  }

  /** What the socket had to write fails next, with the cause, and closes the channel then. */
  private void socketClosed() {
    if (channel.isActive() && !writer.isWriting()) {
      channel.closeIfOpen();
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

  /** Binds the socket; done when this returns. */
  ChannelFuture bind(SocketAddress address) {
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().bind(address, promise);
    return promise;
  }

  /**
   * Connects the socket.
   *
   * @param timeoutMillis 0 for none
   */
  ChannelFuture connect(SocketAddress remote, int timeoutMillis) {
    socket.config().setConnectTimeoutMillis(timeoutMillis);
    ChannelPromise promise = socket.newPromise();
    socket.unsafe().connect(remote, null, promise);
    return promise;
  }

  InetSocketAddress localAddress() {
    return socket.localAddress();
  }

  InetSocketAddress remoteAddress() {
    return socket.remoteAddress();
  }

  /**
   * Returns the bytes in memory that the kernel can read. A buffer that throws costs its own write
   * here, as with epoll's channel; later it would cost the connection.
   */
  ByteBuf sendable(ByteBuf bytes) {
    if (!UnixChannelUtil.isBufferCopyNeededForWrite(bytes)) {
      return bytes;
    }
    ByteBuf copy = channel.alloc().directBuffer(bytes.readableBytes());
    try {
      copy.writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
    } catch (Throwable e) {
      copy.release();
      throw e;
    }
    ReferenceCountUtil.safeRelease(bytes);
    return copy;
  }

  boolean isOpen() {
    return socket.isOpen();
  }

  @Override
  public void beginRead() {
    socket.unsafe().beginRead();
  }

  /** The socket's own configuration was told. */
  @Override
  public void cancelRead() {}

  @Override
  public void write(ChannelOutboundBuffer buffer) throws Exception {
    writer.write(buffer);
  }

  @Override
  public void shutdownInput(ChannelPromise promise) {
    Shutdowns.cascade(socket.shutdownInput(), promise);
  }

  @Override
  public void shutdownOutput() throws Exception {
    ChannelPromise promise = socket.newPromise();
    socket.shutdownOutput(promise);
    if (promise.cause() instanceof Exception e) {
      throw e;
    }
  }

  @Override
  public boolean isInputShutdown() {
    return socket.isInputShutdown();
  }

  @Override
  public boolean isOutputShutdown() {
    return socket.isOutputShutdown();
  }

  @Override
  public String describe() {
    ChannelOutboundBuffer pending = socket.unsafe().outboundBuffer();
    return "TCP "
        + socket
        + (socket.isOpen() ? "" : ", closed")
        + ", pending "
        + (pending == null ? 0 : pending.totalPendingWriteBytes())
        + " bytes; "
        + writer.describe();
  }

  /** Returns how to close where closing waits for data to leave; {@code null} where it does not. */
  Executor lingeringClose() {
    try {
      if (socket.isOpen() && socket.isRegistered() && socket.config().getSoLinger() > 0) {
        return task -> socket.close().addListener(closed -> task.run());
      }
    } catch (ChannelException e) {
      return null; // closed meanwhile
    }
    return null;
  }

  @Override
  public void close() {
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

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      channel.closeIfOpen();
    }

    /** The channel reads when its own pipeline says so. */
    @Override
    public void read(ChannelHandlerContext ctx) {}

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
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
      if (event != ChannelOutputShutdownEvent.INSTANCE) {
        channel.pipeline().fireUserEventTriggered(event);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      channel.pipeline().fireExceptionCaught(cause);
    }
  }
}
