package io.xenshm.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;

/**
 * A datagram channel whose packets take shared memory to guests of the same Xen host, and UDP to
 * everybody else, both at once.
 *
 * <p>The first packet to a guest goes by UDP and asks for a pair of rings; packets take these once
 * they are there. The order between the last packets of UDP and the first of the rings is not kept.
 * A packet that finds its ring full is dropped, see {@link #droppedPackets()}. The sender of a
 * packet from a ring is the address that this guest's table has for the domain.
 *
 * <p>As with every Netty channel, its methods may be called from any thread, and its state belongs
 * to its event loop.
 */
public final class XenShmDatagramChannel extends AbstractUdpChannel {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(XenShmDatagramChannel.class);
  private static final ChannelMetadata METADATA = new ChannelMetadata(true, 16);

  private final UdpSocket udp;
  private final XenShmDatagramChannelConfig config;
  private final PacketRoutes routes = new PacketRoutes(this);
  private final PacketWriter writer;
  private final LongAdder dropped = new LongAdder();
  private IoRegistration registration;
  private XenShmLoop loop;
  private PacketListener listener;
  private boolean readPending;
  private volatile Set<InetSocketAddress> ringPeers = Set.of();
  private volatile InetSocketAddress local;
  private volatile InetSocketAddress remote;
  private volatile boolean open = true;

  /** Bound or connected, and not disconnected since. */
  private volatile boolean usable;

  /** Creates a channel of the protocol family that the operating system prefers. */
  public XenShmDatagramChannel() {
    this(null);
  }

  /**
   * Creates a channel.
   *
   * @param family IPv4 or IPv6; {@code null} for the one that the operating system prefers
   */
  public XenShmDatagramChannel(SocketProtocolFamily family) {
    udp = new UdpSocket(this, family);
    config = new XenShmDatagramChannelConfig(this, udp.socket().config());
    writer = new PacketWriter(this, udp.socket());
  }

  /**
   * Returns how many packets this channel dropped: those to write that found their ring full or
   * closed, and those of UDP that were read where {@code XENSHM_MODE} is {@code REQUIRED}. What the
   * kernel drops of UDP is not counted.
   */
  public long droppedPackets() {
    return dropped.sum();
  }

  /** Returns the peers that packets take shared memory to, at this moment. */
  public Set<InetSocketAddress> ringPeers() {
    return ringPeers;
  }

  @Override
  public XenShmDatagramChannelConfig config() {
    return config;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open && (usable || (isRegistered() && isActiveOnRegistration()));
  }

  @SuppressWarnings("deprecation") // what unbound clients, as Netty's resolver, set
  private boolean isActiveOnRegistration() {
    return config.getOption(ChannelOption.DATAGRAM_CHANNEL_ACTIVE_ON_REGISTRATION);
  }

  @Override
  public boolean isConnected() {
    return remote != null;
  }

  @Override
  protected SocketAddress localAddress0() {
    return local;
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return remote;
  }

  @Override
  EpollDatagramChannel socket() {
    return udp.socket();
  }

  XenShmLoop loop() {
    return loop;
  }

  PacketRoutes routes() {
    return routes;
  }

  /** Returns the only peer; {@code null} where there may be many. */
  InetSocketAddress connectedTo() {
    return remote;
  }

  boolean usesRings() {
    return loop.hasXen() && config.getMode() != XenShmMode.OFF;
  }

  boolean wantsPackets() {
    return readPending || config.isAutoRead();
  }

  /** A ring's packet is what was asked for: with auto-read off, none of UDP comes beside it. */
  void packetRead() {
    if (readPending) {
      readPending = false;
      if (!config.isAutoRead()) {
        udp.stopReading();
      }
    }
  }

  /** A packet of UDP is what was asked for; the socket stops reading by itself. */
  void udpPacketRead() {
    readPending = false;
  }

  void packetDropped() {
    dropped.increment();
    XenShmMetrics.dropped();
  }

  void ringsChanged(Set<InetSocketAddress> peers) {
    ringPeers = peers;
  }

  @Override
  protected boolean isCompatible(EventLoop eventLoop) {
    return eventLoop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(DatagramUnsafe.class);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new DatagramUnsafe();
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    ((IoEventLoop) eventLoop())
        .register((DatagramUnsafe) unsafe())
        .addListener(
            (io.netty.util.concurrent.Future<IoRegistration> future) -> {
              if (future.isSuccess()) {
                registered(future.getNow(), promise);
              } else {
                promise.setFailure(future.cause());
              }
            });
  }

  private void registered(IoRegistration newRegistration, ChannelPromise promise) {
    registration = newRegistration;
    XenShmLoop newLoop = newRegistration.attachment();
    if (listener != null && loop != newLoop) {
      promise.setFailure(
          new IOException("a datagram channel that is announced stays with its event loop"));
      return;
    }
    loop = newLoop;
    Shutdowns.cascade(udp.register(eventLoop()), promise);
  }

  @Override
  protected void doDeregister() {
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
  }

  @Override
  protected void doBind(SocketAddress localAddress) throws Exception {
    InetSocketAddress bound = udp.bind(OutboundPackets.checkAddress(localAddress));
    if (config.getMode() == XenShmMode.REQUIRED) {
      announceNow(bound);
    } else if (config.getMode() == XenShmMode.PREFERRED) {
      listener = new PacketListener(this, routes, bound);
      listener.announcement().whenPossible(this::leaveListener);
    }
    local = bound;
    usable = true;
  }

  private void announceNow(InetSocketAddress address) throws IOException {
    listener = new PacketListener(this, routes, address);
    String obstacle;
    IOException cause = null;
    try {
      obstacle = listener.announcement().now();
    } catch (IOException e) {
      obstacle = e.getMessage();
      cause = e;
    }
    if (obstacle != null) {
      leaveListener();
      throw (IOException)
          new BindException(
                  "XENSHM_MODE is REQUIRED, but " + address + " is not announced: " + obstacle)
              .initCause(cause);
    }
  }

  private void connectTo(SocketAddress remoteAddress) throws Exception {
    if (remote != null) {
      throw new AlreadyConnectedException();
    }
    InetSocketAddress peer = OutboundPackets.checkAddress(remoteAddress);
    local = udp.connect(peer);
    remote = peer;
    usable = true;
    routes.closeAllBut(peer);
    if (usesRings()) {
      PacketRoute route = routes.to(peer);
      if (route != null) {
        route.ring(); // asks for one
      }
    }
  }

  @Override
  protected void doDisconnect() throws Exception {
    leaveRings();
    remote = null;
    usable = false;
    udp.disconnect();
  }

  private void leaveRings() {
    leaveListener();
    routes.closeAllBut(null);
  }

  private void leaveListener() {
    if (listener != null) {
      listener.close();
      listener = null;
    }
  }

  @Override
  protected void doClose() {
    open = false;
    leaveRings();
    udp.close();
  }

  @Override
  protected void doBeginRead() {
    readPending = true;
    udp.beginRead();
    routes.activateAll();
  }

  /** Auto-read was switched off. On another thread a read that was asked for stays, as epoll's. */
  void autoReadCleared() {
    if (!isRegistered() || eventLoop().inEventLoop()) {
      readPending = false;
    }
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) throws Exception {
    if (local == null) {
      // The kernel would do the same; the port is needed for the rings too.
      local = udp.bind(new InetSocketAddress(0));
      usable = true;
    }
    writer.write(in);
  }

  /** Writes again what had to wait. */
  void flushLater() {
    try {
      eventLoop().execute(() -> ((DatagramUnsafe) unsafe()).flushNow());
    } catch (RejectedExecutionException e) {
      logger.debug("{}: the event loop ended", this, e);
    }
  }

  @Override
  protected Object filterOutboundMessage(Object msg) {
    return OutboundPackets.check(msg, remote != null);
  }

  /** Both what Netty's pipeline calls and what the event loop knows. */
  private final class DatagramUnsafe extends AbstractUnsafe implements XenShmIoHandle {

    @Override
    public void connect(
        SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
      if (!promise.setUncancellable() || !ensureOpen(promise)) {
        return;
      }
      boolean wasActive = isActive();
      try {
        if (localAddress != null) {
          doBind(localAddress);
        }
        connectTo(remoteAddress);
      } catch (Throwable e) {
        safeSetFailure(promise, annotateConnectException(e, remoteAddress));
        closeIfClosed();
        return;
      }
      safeSetSuccess(promise);
      if (!wasActive && isActive()) {
        pipeline().fireChannelActive();
      }
    }

    @Override
    public void deregister(ChannelPromise promise) {
      if (!open) {
        super.deregister(promise);
      } else {
        udp.deregister().addListener(done -> super.deregister(promise));
      }
    }

    void flushNow() {
      flush0();
    }

    @Override
    public void close() {
      close(voidPromise());
    }

    @Override
    public Channel channel() {
      return XenShmDatagramChannel.this;
    }

    @Override
    public String describe() {
      return XenShmDatagramChannel.this + (open ? " open" : " closed") + ", UDP and rings";
    }
  }
}
