package io.xenshm.netty;

import static io.netty.channel.ChannelOption.ALLOW_HALF_CLOSURE;
import static io.netty.channel.ChannelOption.IP_TOS;
import static io.netty.channel.ChannelOption.SO_KEEPALIVE;
import static io.netty.channel.ChannelOption.SO_LINGER;
import static io.netty.channel.ChannelOption.SO_RCVBUF;
import static io.netty.channel.ChannelOption.SO_REUSEADDR;
import static io.netty.channel.ChannelOption.SO_SNDBUF;
import static io.netty.channel.ChannelOption.TCP_NODELAY;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_MODE;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_PEERS;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_RING_SIZE;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_SPIN_MICROS;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.util.internal.ObjectUtil;
import io.netty.util.internal.SystemPropertyUtil;
import io.xenshm.ring.RingLayout;
import java.util.Map;
import java.util.Set;

/**
 * Configuration of a {@link XenShmSocketChannel}. Options of a TCP socket are kept until there is
 * one, and are those of the socket then. To a ring they mean nothing.
 *
 * <p>May be called from any thread.
 */
public final class XenShmSocketChannelConfig extends DefaultChannelConfig
    implements SocketChannelConfig {
  /** 32 pages a ring: 15 connections fit into gntalloc's default limit of 1024 pages. */
  static final int DEFAULT_RING_SIZE = 128 * 1024;

  private static final int DEFAULT_SPIN_MICROS = 50;
  private static final int NO_LINGER = -1;

  /** System property: the default, for programs whose bootstraps are a framework's. */
  private static final int DEFAULT_XENSHM_CONNECT_TIMEOUT_MILLIS =
      Math.max(1, SystemPropertyUtil.getInt("xenshm.connectTimeoutMillis", 1000));

  /** What epoll's channel knows beside the options that always have a value. */
  private static final Set<ChannelOption<?>> EPOLL_OPTIONS =
      Set.of(
          ChannelOption.TCP_FASTOPEN_CONNECT,
          EpollChannelOption.IP_BIND_ADDRESS_NO_PORT,
          EpollChannelOption.IP_TRANSPARENT,
          EpollChannelOption.SO_BUSY_POLL,
          EpollChannelOption.TCP_CORK,
          EpollChannelOption.TCP_KEEPCNT,
          EpollChannelOption.TCP_KEEPIDLE,
          EpollChannelOption.TCP_KEEPINTVL,
          EpollChannelOption.TCP_MD5SIG,
          EpollChannelOption.TCP_NOTSENT_LOWAT,
          EpollChannelOption.TCP_QUICKACK,
          EpollChannelOption.TCP_USER_TIMEOUT);

  private static final Map<ChannelOption<?>, Object> DEFAULTS =
      Map.of(
          ALLOW_HALF_CLOSURE,
          false,
          TCP_NODELAY,
          true,
          SO_KEEPALIVE,
          false,
          SO_REUSEADDR,
          false,
          SO_LINGER,
          NO_LINGER,
          SO_SNDBUF,
          DEFAULT_RING_SIZE,
          SO_RCVBUF,
          DEFAULT_RING_SIZE,
          IP_TOS,
          0);

  /** Nothing waits in the socket's own buffer that is not counted in the channel's. */
  private static final WriteBufferWaterMark NO_WATER_MARK =
      new WriteBufferWaterMark(Integer.MAX_VALUE - 1, Integer.MAX_VALUE);

  private volatile XenShmMode mode = XenShmMode.PREFERRED;
  private volatile XenShmPeers peers = XenShmPeers.ALL;
  private volatile int xenShmConnectTimeoutMillis = DEFAULT_XENSHM_CONNECT_TIMEOUT_MILLIS;
  private volatile int ringSize = DEFAULT_RING_SIZE;
  private volatile int spinMicros = DEFAULT_SPIN_MICROS;
  private volatile ChannelConfig socket;

  private final TcpOptions tcpOptions = new TcpOptions(EPOLL_OPTIONS, DEFAULTS);
  private final OptionTable options =
      new OptionTable()
          .with(XENSHM_MODE, this::getMode, this::setMode)
          .with(XENSHM_PEERS, this::getPeers, this::setPeers)
          .with(
              XENSHM_CONNECT_TIMEOUT_MILLIS,
              this::getXenShmConnectTimeoutMillis,
              this::setXenShmConnectTimeoutMillis)
          .with(XENSHM_RING_SIZE, this::getRingSize, this::setRingSize)
          .with(XENSHM_SPIN_MICROS, this::getSpinMicros, this::setSpinMicros);

  XenShmSocketChannelConfig(XenShmSocketChannel channel) {
    super(channel);
  }

  /** Sets the options of a TCP socket's channel, and forwards to it from now on. */
  void forwardTo(ChannelConfig tcp) {
    tcp.setWriteBufferWaterMark(NO_WATER_MARK);
    tcp.setAllocator(getAllocator());
    tcp.setRecvByteBufAllocator(getRecvByteBufAllocator());
    tcp.setWriteSpinCount(getWriteSpinCount());
    tcp.setAutoClose(isAutoClose());
    socket = tcp;
    tcp.setAutoRead(isAutoRead());
    tcpOptions.forwardTo(tcp);
  }

  @Override
  public Map<ChannelOption<?>, Object> getOptions() {
    return getOptions(getOptions(super.getOptions(), options.options()), tcpOptions.options());
  }

  @Override
  public <T> T getOption(ChannelOption<T> option) {
    if (tcpOptions.has(option)) {
      return tcpOptions.get(option);
    }
    return options.has(option) ? options.get(option) : super.getOption(option);
  }

  @Override
  public <T> boolean setOption(ChannelOption<T> option, T value) {
    if (tcpOptions.has(option)) {
      return tcpOptions.set(option, value);
    }
    if (!options.has(option)) {
      return super.setOption(option, value);
    }
    validate(option, value);
    options.set(option, value);
    return true;
  }

  /** Returns which guests may share memory with the channel. */
  public XenShmPeers getPeers() {
    return peers;
  }

  /**
   * Sets which guests may share memory with the channel, see {@link
   * XenShmChannelOption#XENSHM_PEERS}. Applies to connections that begin later.
   */
  public XenShmSocketChannelConfig setPeers(XenShmPeers newPeers) {
    peers = ObjectUtil.checkNotNull(newPeers, "peers");
    return this;
  }

  /** Returns whether to use shared memory. */
  public XenShmMode getMode() {
    return mode;
  }

  /**
   * Sets whether to use shared memory, see {@link XenShmChannelOption#XENSHM_MODE}. Applies to a
   * connect that comes later.
   */
  public XenShmSocketChannelConfig setMode(XenShmMode newMode) {
    mode = ObjectUtil.checkNotNull(newMode, "mode");
    return this;
  }

  /** Returns how long a connect waits for an answer by shared memory, in milliseconds. */
  public int getXenShmConnectTimeoutMillis() {
    return xenShmConnectTimeoutMillis;
  }

  /**
   * Sets how long a connect waits for an answer by shared memory, in milliseconds, see {@link
   * XenShmChannelOption#XENSHM_CONNECT_TIMEOUT_MILLIS}.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public XenShmSocketChannelConfig setXenShmConnectTimeoutMillis(int millis) {
    if (millis < 1) {
      throw new IllegalArgumentException(
          "XENSHM_CONNECT_TIMEOUT_MILLIS is "
              + millis
              + ", not at least 1; XENSHM_MODE OFF does without shared memory");
    }
    xenShmConnectTimeoutMillis = millis;
    return this;
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
    return tcpOptions.get(ALLOW_HALF_CLOSURE);
  }

  @Override
  public XenShmSocketChannelConfig setAllowHalfClosure(boolean allow) {
    tcpOptions.set(ALLOW_HALF_CLOSURE, allow);
    return this;
  }

  @Override
  public boolean isTcpNoDelay() {
    return tcpOptions.get(TCP_NODELAY);
  }

  @Override
  public XenShmSocketChannelConfig setTcpNoDelay(boolean noDelay) {
    tcpOptions.set(TCP_NODELAY, noDelay);
    return this;
  }

  @Override
  public boolean isKeepAlive() {
    return tcpOptions.get(SO_KEEPALIVE);
  }

  @Override
  public XenShmSocketChannelConfig setKeepAlive(boolean keep) {
    tcpOptions.set(SO_KEEPALIVE, keep);
    return this;
  }

  @Override
  public boolean isReuseAddress() {
    return tcpOptions.get(SO_REUSEADDR);
  }

  @Override
  public XenShmSocketChannelConfig setReuseAddress(boolean reuse) {
    tcpOptions.set(SO_REUSEADDR, reuse);
    return this;
  }

  @Override
  public int getSoLinger() {
    return tcpOptions.get(SO_LINGER);
  }

  @Override
  public XenShmSocketChannelConfig setSoLinger(int seconds) {
    tcpOptions.set(SO_LINGER, seconds);
    return this;
  }

  @Override
  public int getSendBufferSize() {
    return tcpOptions.get(SO_SNDBUF);
  }

  @Override
  public XenShmSocketChannelConfig setSendBufferSize(int bytes) {
    tcpOptions.set(SO_SNDBUF, bytes);
    return this;
  }

  @Override
  public int getReceiveBufferSize() {
    return tcpOptions.get(SO_RCVBUF);
  }

  @Override
  public XenShmSocketChannelConfig setReceiveBufferSize(int bytes) {
    tcpOptions.set(SO_RCVBUF, bytes);
    return this;
  }

  @Override
  public int getTrafficClass() {
    return tcpOptions.get(IP_TOS);
  }

  @Override
  public XenShmSocketChannelConfig setTrafficClass(int value) {
    tcpOptions.set(IP_TOS, value);
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
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setWriteSpinCount(count);
    }
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setAllocator(ByteBufAllocator allocator) {
    super.setAllocator(allocator);
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setAllocator(allocator);
    }
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
    super.setRecvByteBufAllocator(allocator);
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setRecvByteBufAllocator(allocator);
    }
    return this;
  }

  @Override
  public XenShmSocketChannelConfig setAutoRead(boolean autoRead) {
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setAutoRead(autoRead);
    }
    super.setAutoRead(autoRead);
    return this;
  }

  @Override
  protected void autoReadCleared() {
    ((XenShmSocketChannel) channel).autoReadCleared();
  }

  @Override
  public XenShmSocketChannelConfig setAutoClose(boolean autoClose) {
    super.setAutoClose(autoClose);
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setAutoClose(autoClose);
    }
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
