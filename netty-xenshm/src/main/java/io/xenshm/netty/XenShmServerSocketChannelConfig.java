package io.xenshm.netty;

import static io.netty.channel.ChannelOption.SO_BACKLOG;
import static io.netty.channel.ChannelOption.SO_RCVBUF;
import static io.netty.channel.ChannelOption.SO_REUSEADDR;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_MODE;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_PEERS;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.ServerSocketChannelConfig;
import io.netty.util.NetUtil;
import io.netty.util.internal.ObjectUtil;
import java.util.Map;
import java.util.Set;

/**
 * Configuration of a {@link XenShmServerSocketChannel}: {@code SO_BACKLOG} bounds the connections
 * that wait to be accepted, by TCP and by shared memory each. Options of a TCP socket are kept
 * until there is one, and are those of the socket then. May be called from any thread.
 */
public final class XenShmServerSocketChannelConfig extends DefaultChannelConfig
    implements ServerSocketChannelConfig {
  /** What epoll's channel knows beside the options that always have a value. */
  private static final Set<ChannelOption<?>> EPOLL_OPTIONS =
      Set.of(
          ChannelOption.TCP_FASTOPEN,
          EpollChannelOption.IP_FREEBIND,
          EpollChannelOption.IP_TRANSPARENT,
          EpollChannelOption.SO_REUSEPORT,
          EpollChannelOption.TCP_DEFER_ACCEPT,
          EpollChannelOption.TCP_MD5SIG);

  private static final Map<ChannelOption<?>, Object> DEFAULTS =
      Map.of(
          SO_BACKLOG,
          NetUtil.SOMAXCONN,
          SO_RCVBUF,
          XenShmSocketChannelConfig.DEFAULT_RING_SIZE,
          SO_REUSEADDR,
          true);

  private volatile XenShmMode mode = XenShmMode.PREFERRED;
  private volatile XenShmPeers peers = XenShmPeers.ALL;
  private volatile ChannelConfig socket;

  private final TcpOptions tcpOptions = new TcpOptions(EPOLL_OPTIONS, DEFAULTS);
  private final OptionTable options =
      new OptionTable()
          .with(XENSHM_MODE, this::getMode, this::setMode)
          .with(XENSHM_PEERS, this::getPeers, this::setPeers);

  XenShmServerSocketChannelConfig(XenShmServerSocketChannel channel) {
    super(channel, new ServerChannelRecvByteBufAllocator());
  }

  /** Sets the options of a TCP socket's channel, and forwards to it from now on. */
  void forwardTo(ChannelConfig tcp) {
    tcp.setAllocator(getAllocator());
    tcp.setRecvByteBufAllocator(getRecvByteBufAllocator());
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
  public XenShmServerSocketChannelConfig setPeers(XenShmPeers newPeers) {
    peers = ObjectUtil.checkNotNull(newPeers, "peers");
    return this;
  }

  /** Returns whether to use shared memory. */
  public XenShmMode getMode() {
    return mode;
  }

  /**
   * Sets whether to use shared memory, see {@link XenShmChannelOption#XENSHM_MODE}. Applies to a
   * bind that comes later.
   */
  public XenShmServerSocketChannelConfig setMode(XenShmMode newMode) {
    mode = ObjectUtil.checkNotNull(newMode, "mode");
    return this;
  }

  @Override
  public int getBacklog() {
    return tcpOptions.get(SO_BACKLOG);
  }

  @Override
  public XenShmServerSocketChannelConfig setBacklog(int count) {
    tcpOptions.set(SO_BACKLOG, ObjectUtil.checkPositiveOrZero(count, "backlog"));
    return this;
  }

  @Override
  public boolean isReuseAddress() {
    return tcpOptions.get(SO_REUSEADDR);
  }

  @Override
  public XenShmServerSocketChannelConfig setReuseAddress(boolean reuse) {
    tcpOptions.set(SO_REUSEADDR, reuse);
    return this;
  }

  @Override
  public int getReceiveBufferSize() {
    return tcpOptions.get(SO_RCVBUF);
  }

  @Override
  public XenShmServerSocketChannelConfig setReceiveBufferSize(int bytes) {
    tcpOptions.set(SO_RCVBUF, bytes);
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
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setAllocator(allocator);
    }
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
    super.setRecvByteBufAllocator(allocator);
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setRecvByteBufAllocator(allocator);
    }
    return this;
  }

  @Override
  public XenShmServerSocketChannelConfig setAutoRead(boolean autoRead) {
    ChannelConfig tcp = socket;
    if (tcp != null) {
      tcp.setAutoRead(autoRead);
    }
    super.setAutoRead(autoRead);
    return this;
  }

  @Override
  protected void autoReadCleared() {
    ((XenShmServerSocketChannel) channel).autoReadCleared();
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
