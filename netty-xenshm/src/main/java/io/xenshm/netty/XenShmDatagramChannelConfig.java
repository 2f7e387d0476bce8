package io.xenshm.netty;

import static io.xenshm.netty.XenShmChannelOption.XENSHM_CONNECT_TIMEOUT_MILLIS;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_IDLE_MILLIS;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_MAX_PEERS;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_MODE;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_PEERS;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_RING_SIZE;
import static io.xenshm.netty.XenShmChannelOption.XENSHM_SPIN_MICROS;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollDatagramChannelConfig;
import io.netty.channel.socket.DatagramChannelConfig;
import io.netty.util.internal.ObjectUtil;
import io.xenshm.ring.RingLayout;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.HashMap;
import java.util.Map;

/**
 * Configuration of a {@link XenShmDatagramChannel}. What a UDP socket knows, as {@code SO_RCVBUF},
 * broadcast and multicast, is the socket's; to rings it means nothing. {@code RECVBUF_ALLOCATOR}
 * bounds packets of UDP, and how many packets of a ring are read at once; those get a buffer of
 * their size.
 *
 * <p>May be called from any thread.
 */
public final class XenShmDatagramChannelConfig extends DefaultChannelConfig
    implements DatagramChannelConfig {
  /** As epoll's datagram channels. */
  private static final int DEFAULT_UDP_BUFFER = 2048;

  /** Takes a packet of 65,507 bytes. */
  private static final int DEFAULT_RING_SIZE = 128 * 1024;

  /** Longer than a stream's: packets take UDP meanwhile, and nobody waits. */
  private static final int DEFAULT_CONNECT_TIMEOUT_MILLIS = 10_000;

  private static final int DEFAULT_IDLE_MILLIS = 60_000;
  private static final int DEFAULT_SPIN_MICROS = 50;

  /** 455 pages: less than half of gntalloc's default limit of 1024. */
  private static final int DEFAULT_MAX_PEERS = 7;

  /** Nothing waits in the socket's own buffer that is not counted in the channel's. */
  private static final WriteBufferWaterMark NO_WATER_MARK =
      new WriteBufferWaterMark(Integer.MAX_VALUE - 1, Integer.MAX_VALUE);

  private volatile XenShmMode mode = XenShmMode.PREFERRED;
  private volatile XenShmPeers peers = XenShmPeers.ALL;
  private volatile int xenShmConnectTimeoutMillis = DEFAULT_CONNECT_TIMEOUT_MILLIS;
  private volatile int ringSize = DEFAULT_RING_SIZE;
  private volatile int spinMicros = DEFAULT_SPIN_MICROS;
  private volatile int idleMillis = DEFAULT_IDLE_MILLIS;
  private volatile int maxPeers = DEFAULT_MAX_PEERS;

  /** Null while the constructor of the superclass runs. */
  private final EpollDatagramChannelConfig udp;

  private final OptionTable options =
      new OptionTable()
          .with(XENSHM_MODE, this::getMode, this::setMode)
          .with(XENSHM_PEERS, this::getPeers, this::setPeers)
          .with(
              XENSHM_CONNECT_TIMEOUT_MILLIS,
              this::getXenShmConnectTimeoutMillis,
              this::setXenShmConnectTimeoutMillis)
          .with(XENSHM_RING_SIZE, this::getRingSize, this::setRingSize)
          .with(XENSHM_SPIN_MICROS, this::getSpinMicros, this::setSpinMicros)
          .with(XENSHM_IDLE_MILLIS, this::getIdleMillis, this::setIdleMillis)
          .with(XENSHM_MAX_PEERS, this::getMaxPeers, this::setMaxPeers);

  XenShmDatagramChannelConfig(XenShmDatagramChannel channel, EpollDatagramChannelConfig udp) {
    super(channel, new FixedRecvByteBufAllocator(DEFAULT_UDP_BUFFER));
    this.udp = udp;
    udp.setWriteBufferWaterMark(NO_WATER_MARK);
    udp.setRecvByteBufAllocator(getRecvByteBufAllocator());
  }

  @Override
  public Map<ChannelOption<?>, Object> getOptions() {
    Map<ChannelOption<?>, Object> all = new HashMap<>(udp.getOptions());
    all.putAll(getOptions(super.getOptions(), options.options()));
    return all;
  }

  @Override
  public <T> T getOption(ChannelOption<T> option) {
    if (options.has(option)) {
      return options.get(option);
    }
    T value = super.getOption(option);
    return value == null ? udp.getOption(option) : value;
  }

  @Override
  public <T> boolean setOption(ChannelOption<T> option, T value) {
    if (options.has(option)) {
      validate(option, value);
      options.set(option, value);
      return true;
    }
    return super.setOption(option, value) || udp.setOption(option, value);
  }

  /** Returns which guests may share memory with the channel. */
  public XenShmPeers getPeers() {
    return peers;
  }

  /**
   * Sets which guests may share memory with the channel, see {@link
   * XenShmChannelOption#XENSHM_PEERS}. Applies to rings that begin later.
   */
  public XenShmDatagramChannelConfig setPeers(XenShmPeers newPeers) {
    peers = ObjectUtil.checkNotNull(newPeers, "peers");
    return this;
  }

  /** Returns whether to use shared memory. */
  public XenShmMode getMode() {
    return mode;
  }

  /**
   * Sets whether to use shared memory, see {@link XenShmChannelOption#XENSHM_MODE}. With {@code
   * REQUIRED}, a packet waits for its ring, its write fails where there is none, and packets that
   * come by UDP are dropped. To be set before the channel is bound.
   */
  public XenShmDatagramChannelConfig setMode(XenShmMode newMode) {
    mode = newMode;
    return this;
  }

  /** Returns how long an attempt at a ring may take, in milliseconds. */
  public int getXenShmConnectTimeoutMillis() {
    return xenShmConnectTimeoutMillis;
  }

  /**
   * Sets how long an attempt at a ring may take, in milliseconds, at least 1. Packets take UDP
   * meanwhile.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public XenShmDatagramChannelConfig setXenShmConnectTimeoutMillis(int millis) {
    xenShmConnectTimeoutMillis = ObjectUtil.checkPositive(millis, "XENSHM_CONNECT_TIMEOUT_MILLIS");
    return this;
  }

  /** Returns the size of each ring in bytes. */
  public int getRingSize() {
    return ringSize;
  }

  /**
   * Sets the size of each ring in bytes, see {@link XenShmChannelOption#XENSHM_RING_SIZE}. A packet
   * that is longer than the ring takes UDP. Applies to rings that come later.
   *
   * @throws IllegalArgumentException if it is no power of two from 4096 to 1048576
   */
  public XenShmDatagramChannelConfig setRingSize(int bytes) {
    RingLayout.checkSize(bytes);
    ringSize = bytes;
    return this;
  }

  /** Returns how long the event loop looks for packets before it sleeps, in microseconds. */
  public int getSpinMicros() {
    return spinMicros;
  }

  /**
   * Sets how long the event loop looks for packets before it sleeps, in microseconds.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public XenShmDatagramChannelConfig setSpinMicros(int micros) {
    spinMicros = ObjectUtil.checkPositiveOrZero(micros, "XENSHM_SPIN_MICROS");
    return this;
  }

  /** Returns how long a ring may be without a packet, in milliseconds. */
  public int getIdleMillis() {
    return idleMillis;
  }

  /**
   * Sets how long a ring may be without a packet, in milliseconds; it may last half as long again.
   * To be set before the channel is bound. See {@link XenShmChannelOption#XENSHM_IDLE_MILLIS}.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public XenShmDatagramChannelConfig setIdleMillis(int millis) {
    idleMillis = ObjectUtil.checkPositive(millis, "XENSHM_IDLE_MILLIS");
    return this;
  }

  /** Returns with how many peers at most this channel begins rings of its own. */
  public int getMaxPeers() {
    return maxPeers;
  }

  /**
   * Sets with how many peers at most this channel begins rings of its own, see {@link
   * XenShmChannelOption#XENSHM_MAX_PEERS}.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public XenShmDatagramChannelConfig setMaxPeers(int count) {
    maxPeers = ObjectUtil.checkPositiveOrZero(count, "XENSHM_MAX_PEERS");
    return this;
  }

  @Override
  public int getSendBufferSize() {
    return udp.getSendBufferSize();
  }

  @Override
  public XenShmDatagramChannelConfig setSendBufferSize(int bytes) {
    udp.setSendBufferSize(bytes);
    return this;
  }

  @Override
  public int getReceiveBufferSize() {
    return udp.getReceiveBufferSize();
  }

  @Override
  public XenShmDatagramChannelConfig setReceiveBufferSize(int bytes) {
    udp.setReceiveBufferSize(bytes);
    return this;
  }

  @Override
  public int getTrafficClass() {
    return udp.getTrafficClass();
  }

  @Override
  public XenShmDatagramChannelConfig setTrafficClass(int value) {
    udp.setTrafficClass(value);
    return this;
  }

  @Override
  public boolean isReuseAddress() {
    return udp.isReuseAddress();
  }

  @Override
  public XenShmDatagramChannelConfig setReuseAddress(boolean reuse) {
    udp.setReuseAddress(reuse);
    return this;
  }

  @Override
  public boolean isBroadcast() {
    return udp.isBroadcast();
  }

  @Override
  public XenShmDatagramChannelConfig setBroadcast(boolean broadcast) {
    udp.setBroadcast(broadcast);
    return this;
  }

  @Override
  public boolean isLoopbackModeDisabled() {
    return udp.isLoopbackModeDisabled();
  }

  @Override
  public XenShmDatagramChannelConfig setLoopbackModeDisabled(boolean disabled) {
    udp.setLoopbackModeDisabled(disabled);
    return this;
  }

  @Override
  public int getTimeToLive() {
    return udp.getTimeToLive();
  }

  @Override
  public XenShmDatagramChannelConfig setTimeToLive(int hops) {
    udp.setTimeToLive(hops);
    return this;
  }

  @Override
  public InetAddress getInterface() {
    return udp.getInterface();
  }

  @Override
  public XenShmDatagramChannelConfig setInterface(InetAddress address) {
    udp.setInterface(address);
    return this;
  }

  @Override
  public NetworkInterface getNetworkInterface() {
    return udp.getNetworkInterface();
  }

  @Override
  public XenShmDatagramChannelConfig setNetworkInterface(NetworkInterface network) {
    udp.setNetworkInterface(network);
    return this;
  }

  @Override
  @Deprecated
  public XenShmDatagramChannelConfig setMaxMessagesPerRead(int count) {
    super.setMaxMessagesPerRead(count);
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setWriteSpinCount(int count) {
    super.setWriteSpinCount(count);
    if (udp != null) {
      udp.setWriteSpinCount(count);
    }
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setConnectTimeoutMillis(int millis) {
    super.setConnectTimeoutMillis(millis);
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setAllocator(ByteBufAllocator allocator) {
    super.setAllocator(allocator);
    if (udp != null) {
      udp.setAllocator(allocator);
    }
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
    super.setRecvByteBufAllocator(allocator);
    if (udp != null) {
      udp.setRecvByteBufAllocator(allocator);
    }
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setAutoRead(boolean autoRead) {
    if (udp != null) {
      udp.setAutoRead(autoRead);
    }
    super.setAutoRead(autoRead);
    return this;
  }

  @Override
  protected void autoReadCleared() {
    ((XenShmDatagramChannel) channel).autoReadCleared();
  }

  @Override
  public XenShmDatagramChannelConfig setAutoClose(boolean autoClose) {
    super.setAutoClose(autoClose);
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setMessageSizeEstimator(MessageSizeEstimator estimator) {
    super.setMessageSizeEstimator(estimator);
    return this;
  }

  @Override
  public XenShmDatagramChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark waterMark) {
    super.setWriteBufferWaterMark(waterMark);
    return this;
  }
}
