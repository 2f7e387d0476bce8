package io.xenshm.netty;

import static io.netty.channel.ChannelOption.ALLOW_HALF_CLOSURE;
import static io.netty.channel.ChannelOption.IP_TOS;
import static io.netty.channel.ChannelOption.SO_KEEPALIVE;
import static io.netty.channel.ChannelOption.SO_LINGER;
import static io.netty.channel.ChannelOption.SO_RCVBUF;
import static io.netty.channel.ChannelOption.SO_REUSEADDR;
import static io.netty.channel.ChannelOption.SO_SNDBUF;
import static io.netty.channel.ChannelOption.TCP_NODELAY;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_RING_SIZE;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_SPIN_MICROS;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannelConfig;
import io.xenshm.ring.RingLayout;
import java.util.Map;

/**
 * Configuration of a {@link XenShmSocketChannel}. Options of TCP that mean nothing to a ring are
 * kept and returned.
 *
 * <p>May be called from any thread.
 */
public final class XenShmSocketChannelConfig extends DefaultChannelConfig
    implements SocketChannelConfig {
  /** 32 pages a ring: 15 connections fit into gntalloc's default limit of 1024 pages. */
  static final int DEFAULT_RING_SIZE = 128 * 1024;

  private static final int DEFAULT_SPIN_MICROS = 50;
  private static final int NO_LINGER = -1;

  private volatile int ringSize = DEFAULT_RING_SIZE;
  private volatile int spinMicros = DEFAULT_SPIN_MICROS;
  private volatile boolean allowHalfClosure;
  private volatile boolean tcpNoDelay = true;
  private volatile boolean keepAlive;
  private volatile boolean reuseAddress;
  private volatile int linger = NO_LINGER;
  private volatile int sendBufferSize = DEFAULT_RING_SIZE;
  private volatile int receiveBufferSize = DEFAULT_RING_SIZE;
  private volatile int trafficClass;

  private final OptionTable options =
      new OptionTable()
          .with(XENSHM_RING_SIZE, this::getRingSize, this::setRingSize)
          .with(XENSHM_SPIN_MICROS, this::getSpinMicros, this::setSpinMicros)
          .with(ALLOW_HALF_CLOSURE, this::isAllowHalfClosure, this::setAllowHalfClosure)
          .with(TCP_NODELAY, this::isTcpNoDelay, this::setTcpNoDelay)
          .with(SO_KEEPALIVE, this::isKeepAlive, this::setKeepAlive)
          .with(SO_REUSEADDR, this::isReuseAddress, this::setReuseAddress)
          .with(SO_LINGER, this::getSoLinger, this::setSoLinger)
          .with(SO_SNDBUF, this::getSendBufferSize, this::setSendBufferSize)
          .with(SO_RCVBUF, this::getReceiveBufferSize, this::setReceiveBufferSize)
          .with(IP_TOS, this::getTrafficClass, this::setTrafficClass);

  XenShmSocketChannelConfig(XenShmSocketChannel channel) {
    super(channel);
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

  /** Returns the size of each ring in bytes. */
  public int getRingSize() {
    return ringSize;
  }

  /**
   * Sets the size of each ring in bytes, see {@link XenShmChannelOption#XENSHM_RING_SIZE}. Applies
   * to a connect that comes later.
   *
   * @throws IllegalArgumentException if it is no power of two from 4096 to 1048576
   */
  public XenShmSocketChannelConfig setRingSize(int bytes) {
    RingLayout.checkSize(bytes);
    ringSize = bytes;
    return this;
  }

  /** Returns how long the event loop looks for data before it sleeps, in microseconds. */
  public int getSpinMicros() {
    return spinMicros;
  }

  /**
   * Sets how long the event loop looks for data before it sleeps, in microseconds.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public XenShmSocketChannelConfig setSpinMicros(int micros) {
    if (micros < 0) {
      throw new IllegalArgumentException("XENSHM_SPIN_MICROS is " + micros + ", but not negative");
    }
    spinMicros = micros;
    return this;
  }

  @Override
  public boolean isAllowHalfClosure() {
    return allowHalfClosure;
  }

  @Override
  public XenShmSocketChannelConfig setAllowHalfClosure(boolean allow) {
    allowHalfClosure = allow;
    return this;
  }

  @Override
  public boolean isTcpNoDelay() {
    return tcpNoDelay;
  }

  @Override
  public XenShmSocketChannelConfig setTcpNoDelay(boolean noDelay) {
    tcpNoDelay = noDelay;
    return this;
  }

  @Override
  public boolean isKeepAlive() {
    return keepAlive;
  }

  @Override
  public XenShmSocketChannelConfig setKeepAlive(boolean keep) {
    keepAlive = keep;
    return this;
  }

  @Override
  public boolean isReuseAddress() {
    return reuseAddress;
  }

  @Override
  public XenShmSocketChannelConfig setReuseAddress(boolean reuse) {
    reuseAddress = reuse;
    return this;
  }

  @Override
  public int getSoLinger() {
    return linger;
  }

  @Override
  public XenShmSocketChannelConfig setSoLinger(int seconds) {
    linger = seconds;
    return this;
  }

  @Override
  public int getSendBufferSize() {
    return sendBufferSize;
  }

  @Override
  public XenShmSocketChannelConfig setSendBufferSize(int bytes) {
    sendBufferSize = bytes;
    return this;
  }

  @Override
  public int getReceiveBufferSize() {
    return receiveBufferSize;
  }

  @Override
  public XenShmSocketChannelConfig setReceiveBufferSize(int bytes) {
    receiveBufferSize = bytes;
    return this;
  }

  @Override
  public int getTrafficClass() {
    return trafficClass;
  }

  @Override
  public XenShmSocketChannelConfig setTrafficClass(int value) {
    trafficClass = value;
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setPerformancePreferences(
      int connectionTime, int latency, int bandwidth) {
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setConnectTimeoutMillis(int millis) {
    super.setConnectTimeoutMillis(millis);
    return this;
  }

  @Override
  @Deprecated
  public XenShmSocketChannelConfig setMaxMessagesPerRead(int count) {
    super.setMaxMessagesPerRead(count);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setWriteSpinCount(int count) {
    super.setWriteSpinCount(count);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setAllocator(ByteBufAllocator allocator) {
    super.setAllocator(allocator);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
    super.setRecvByteBufAllocator(allocator);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setAutoRead(boolean autoRead) {
    super.setAutoRead(autoRead);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setAutoClose(boolean autoClose) {
    super.setAutoClose(autoClose);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setMessageSizeEstimator(MessageSizeEstimator estimator) {
    super.setMessageSizeEstimator(estimator);
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark waterMark) {
    super.setWriteBufferWaterMark(waterMark);
    return this;
  }
}
