package io.xenshm.netty;

import static io.netty.channel.ChannelOption.SO_BACKLOG;
import static io.netty.channel.ChannelOption.SO_RCVBUF;
import static io.netty.channel.ChannelOption.SO_REUSEADDR;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ServerSocketChannelConfig;
import io.netty.util.NetUtil;
import io.netty.util.internal.ObjectUtil;
import java.util.Map;

/**
 * Configuration of a {@link XenShmServerSocketChannel}: {@code SO_BACKLOG} bounds the connections
 * that wait to be accepted. May be called from any thread.
 */
public final class XenShmServerSocketChannelConfig extends DefaultChannelConfig
    implements ServerSocketChannelConfig {
  private volatile int backlog = NetUtil.SOMAXCONN;
  private volatile boolean reuseAddress = true;
  private volatile int receiveBufferSize = XenShmSocketChannelConfig.DEFAULT_RING_SIZE;

  private final OptionTable options =
      new OptionTable()
          .with(SO_BACKLOG, this::getBacklog, this::setBacklog)
          .with(SO_RCVBUF, this::getReceiveBufferSize, this::setReceiveBufferSize)
          .with(SO_REUSEADDR, this::isReuseAddress, this::setReuseAddress);

  XenShmServerSocketChannelConfig(XenShmServerSocketChannel channel) {
    super(channel, new ServerChannelRecvByteBufAllocator());
  }

  @Override
  public Map<ChannelOption<?>, Object> getOptions() {
    return getOptions(super.getOptions(), options.options());
  }

  @Override
  public <T> T getOption(ChannelOption<T> option) {
    return options.has(option) ? options.get(option) : super.getOption(option);
  }

  @Override
  public <T> boolean setOption(ChannelOption<T> option, T value) {
    if (!options.has(option)) {
      return super.setOption(option, value);
    }
    validate(option, value);
    options.set(option, value);
    return true;
  }

  @Override
  public int getBacklog() {
    return backlog;
  }

  @Override
  public XenShmServerSocketChannelConfig setBacklog(int count) {
    backlog = ObjectUtil.checkPositiveOrZero(count, "backlog");
    return this;
  }

  @Override
  public boolean isReuseAddress() {
    return reuseAddress;
  }

  @Override
  public XenShmServerSocketChannelConfig setReuseAddress(boolean reuse) {
    reuseAddress = reuse;
    return this;
  }

  @Override
  public int getReceiveBufferSize() {
    return receiveBufferSize;
  }

  @Override
  public XenShmServerSocketChannelConfig setReceiveBufferSize(int bytes) {
    receiveBufferSize = bytes;
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setPerformancePreferences(
      int connectionTime, int latency, int bandwidth) {
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setConnectTimeoutMillis(int millis) {
    super.setConnectTimeoutMillis(millis);
    return this;
  }

  @Override
  @Deprecated
  public XenShmServerSocketChannelConfig setMaxMessagesPerRead(int count) {
    super.setMaxMessagesPerRead(count);
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setWriteSpinCount(int count) {
    super.setWriteSpinCount(count);
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setAllocator(ByteBufAllocator allocator) {
    super.setAllocator(allocator);
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
    super.setRecvByteBufAllocator(allocator);
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setAutoRead(boolean autoRead) {
    super.setAutoRead(autoRead);
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setMessageSizeEstimator(MessageSizeEstimator estimator) {
    super.setMessageSizeEstimator(estimator);
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark waterMark) {
    super.setWriteBufferWaterMark(waterMark);
    return this;
  }

  @Override
  @Deprecated
  public XenShmServerSocketChannelConfig setWriteBufferHighWaterMark(int bytes) {
    super.setWriteBufferHighWaterMark(bytes);
    return this;
  }

  @Override
  @Deprecated
  public XenShmServerSocketChannelConfig setWriteBufferLowWaterMark(int bytes) {
    super.setWriteBufferLowWaterMark(bytes);
    return this;
  }
}
