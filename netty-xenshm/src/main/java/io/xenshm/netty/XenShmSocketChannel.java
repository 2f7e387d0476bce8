package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.internal.StringUtil;
import io.xenshm.link.Link;
import io.xenshm.link.MappedOffer;
import io.xenshm.link.RefusalReason;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * A connection whose bytes take shared memory where the peer is a guest of the same Xen host, and
 * TCP otherwise. {@link #path()} tells which.
 *
 * <p>It connects to an {@link InetSocketAddress}. To a {@link XenShmAddress}, which names a domain,
 * it connects by shared memory or not at all.
 *
 * <p>As with every Netty channel, its methods may be called from any thread, and its state belongs
 * to its event loop.
 */
public final class XenShmSocketChannel extends AbstractChannel implements SocketChannel {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
  private static final String EXPECTED_TYPES =
      " (expected: "
          + StringUtil.simpleClassName(ByteBuf.class)
          + ", "
          + StringUtil.simpleClassName(FileRegion.class)
          + ')';

  private final XenShmSocketChannelConfig config = new XenShmSocketChannelConfig(this);
  private final Shutdowns shutdowns = new Shutdowns(this);

  // Both are made while Channel's constructor runs: an initializer here would undo that.
  private SocketUnsafe queued;
  private DirectWriteUnsafe direct;

  private IoRegistration registration;
  private XenShmLoop loop;
  private MappedOffer pendingOffer;
  private ConnectAttempt connectAttempt;

  /** An accepted channel's handlers are to be told of the path when it is registered. */
  private volatile boolean pathUntold;

  private TcpCarrier tcp;
  private volatile Carrier carrier;
  private volatile InetSocketAddress local;
  private volatile InetSocketAddress remote;
  private volatile XenShmPathReason reason;
  private volatile boolean open = true;
  private volatile boolean active;

  /** A read was asked for before there was anything to read from. */
  private boolean earlyRead;

  /** Creates a channel that is not connected. */
  public XenShmSocketChannel() {
    super(null);
  }

  /** Creates the server's end of an offer; registration accepts it. */
  XenShmSocketChannel(
      Channel parent, MappedOffer offer, InetSocketAddress local, InetSocketAddress remote) {
    super(parent);
    pendingOffer = offer;
    this.local = local;
    this.remote = remote;
    reason =
        remote instanceof XenShmAddress
            ? XenShmPathReason.EXPLICIT_PEER
            : XenShmPathReason.CO_RESIDENT;
    pathUntold = true;
  }

  /** Creates the server's end of a TCP connection. */
  XenShmSocketChannel(Channel parent, EpollSocketChannel socket) {
    super(parent);
    tcp = new TcpCarrier(this, socket);
    carry(tcp, socket.localAddress(), socket.remoteAddress(), XenShmPathReason.PEER_CHOSE_TCP);
    pathUntold = true;
  }

  /** Returns the way that this connection's bytes take; {@code null} before it is connected. */
  public XenShmPath path() {
    XenShmPathReason why = pathReason();
    return why == null ? null : why.path();
  }

  /** Returns why the bytes take that way; {@code null} before it is connected. */
  public XenShmPathReason pathReason() {
    return reason;
  }

  @Override
  public XenShmSocketChannelConfig config() {
    return config;
  }

  @Override
  public ServerSocketChannel parent() {
    return (ServerSocketChannel) super.parent();
  }

  @Override
  public InetSocketAddress localAddress() {
    return (InetSocketAddress) super.localAddress();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return (InetSocketAddress) super.remoteAddress();
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
    return active;
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
  protected boolean isCompatible(EventLoop eventLoop) {
    return eventLoop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(SocketUnsafe.class);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    queued = new SocketUnsafe();
    direct = new DirectWriteUnsafe(this, queued);
    return queued;
  }

  @Override
  public Unsafe unsafe() {
    return direct;
  }

  @Override
  public long bytesBeforeUnwritable() {
    return direct.bytesBeforeUnwritable();
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    ((IoEventLoop) eventLoop())
        .register(queued)
        .addListener(
            (io.netty.util.concurrent.Future<IoRegistration> future) -> {
              if (!future.isSuccess()) {
                promise.setFailure(future.cause());
                return;
              }
              try {
                registered(future.getNow(), promise);
              } catch (Throwable e) {
                promise.tryFailure(e); // what a listener throws would be logged, and no more
              }
            });
  }

  private void registered(IoRegistration newRegistration, ChannelPromise promise)
      throws IOException {
    registration = newRegistration;
    loop = newRegistration.attachment();
    if (carrier instanceof RingCarrier ring) {
      ring.resume(loop);
      if (!open) {
        ring.close(); // closed while no loop had it
      }
    }
    if (pendingOffer != null) {
      accept();
    }
    if (tcp == null) {
      promise.setSuccess();
    } else {
      Shutdowns.cascade(tcp.register(eventLoop()), promise);
    }
  }

  private void accept() throws IOException {
    MappedOffer offer = pendingOffer;
    pendingOffer = null;
    Link link =
        loop.handshakes()
            .call(offer.peerDomain(), () -> offer.accept(loop.doorbells(), eventLoop()));
    if (link == null) {
      throw new ConnectException("domain " + offer.peerDomain() + " withdrew its connection");
    }
    carry(new RingCarrier(this, loop, link), local, remote, reason);
  }

  @Override
  protected void doDeregister() {
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
    if (carrier instanceof RingCarrier ring) {
      ring.suspend();
    }
  }

  /** From now on bytes take this way. */
  void carry(
      Carrier newCarrier,
      InetSocketAddress newLocal,
      InetSocketAddress newRemote,
      XenShmPathReason newReason) {
    connectAttempt = null;
    carrier = newCarrier;
    local = newLocal;
    remote = newRemote;
    reason = newReason;
    active = true;
    XenShmMetrics.connected(newReason);
    if (earlyRead) {
      earlyRead = false;
      newCarrier.beginRead();
    }
  }

  /** Tells the handlers of the path, once, unless the channel was closed meanwhile. */
  void announcePath() {
    pathUntold = false;
    if (active) {
      pipeline().fireUserEventTriggered(new XenShmPathEvent(path(), pathReason()));
    }
  }

  /** Returns the promise to register with. */
  ChannelPromise registrationPromise(EventLoop loop, ChannelPromise caller) {
    return pathUntold ? new AcceptedPromise(this, loop, caller) : caller;
  }

  void connectEnded() {
    connectAttempt = null;
  }

  void closeIfOpen() {
    if (open) {
      unsafe().close(unsafe().voidPromise());
    }
  }

  XenShmLoop loop() {
    return loop;
  }

  /** Returns what the program bound the channel to; {@code null} if it did not. */
  InetSocketAddress boundAddress() {
    return local;
  }

  Carrier carrier() {
    return carrier;
  }

  /**
   * Opens a TCP socket, unless there is one.
   *
   * @throws IOException if the event loop does not take it
   */
  TcpCarrier openTcp() throws IOException {
    if (tcp == null) {
      tcp = newTcp(new EpollSocketChannel());
      ChannelFuture registered = tcp.register(eventLoop());
      if (!registered.isSuccess()) {
        throw new IOException("the event loop took no TCP socket", registered.cause());
      }
    }
    return tcp;
  }

  private TcpCarrier newTcp(EpollSocketChannel socket) {
    try {
      return new TcpCarrier(this, socket);
    } catch (Throwable e) {
      socket.unsafe().closeForcibly();
      throw e;
    }
  }

  @Override
  protected void doBind(SocketAddress localAddress) throws Exception {
    if (localAddress instanceof XenShmAddress address) {
      local = address;
    } else if (localAddress instanceof InetSocketAddress address) {
      checkResolved(address);
      ChannelFuture bound = openTcp().bind(address);
      if (bound.cause() instanceof Exception e) {
        throw e;
      }
      local = tcp.localAddress();
    } else {
      throw new UnsupportedAddressTypeException();
    }
  }

  private static void checkResolved(InetSocketAddress address) {
    if (address.isUnresolved()) {
      throw new UnresolvedAddressException();
    }
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doClose() {
    open = false;
    active = false;
    direct.queueHeld();
    if (connectAttempt != null) {
      connectAttempt.close();
    }
    if (pendingOffer != null) {
      refuse(pendingOffer);
      pendingOffer = null;
    }
    if (carrier != null) {
      carrier.close();
    }
    if (tcp != null) {
      tcp.close();
    }
  }

  /** The listener's loop mapped the offer; where that ended, the client's time-out tells it. */
  private void refuse(MappedOffer offer) {
    if (loop != null) {
      offer.refuse(loop.doorbells(), RefusalReason.NOT_ALLOWED);
      return;
    }
    XenShmServerSocketChannel listener = (XenShmServerSocketChannel) parent();
    Runnable refusal = () -> offer.refuse(listener.loop().doorbells(), RefusalReason.NOT_ALLOWED);
    if (listener.eventLoop().inEventLoop()) {
      refusal.run();
      return;
    }
    try {
      listener.eventLoop().execute(refusal);
    } catch (RejectedExecutionException e) {
      offer.drop();
    }
  }

  @Override
  protected void doBeginRead() {
    if (carrier == null) {
      earlyRead = true;
    } else {
      carrier.beginRead();
    }
  }

  /** Auto-read was switched off. On another thread a read that was asked for stays, as epoll's. */
  void autoReadCleared() {
    if (isRegistered() && !eventLoop().inEventLoop()) {
      return;
    }
    earlyRead = false;
    if (carrier != null) {
      carrier.cancelRead();
    }
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) throws Exception {
    carrier.write(in);
  }

  @Override
  protected Object filterOutboundMessage(Object msg) {
    if (msg instanceof ByteBuf bytes) {
      return carrier == tcp && tcp != null ? tcp.sendable(bytes) : bytes;
    }
    if (msg instanceof FileRegion) {
      return msg;
    }
    throw new UnsupportedOperationException(
        "unsupported message type: " + StringUtil.simpleClassName(msg) + EXPECTED_TYPES);
  }

  /** Writes again what did not fit before. */
  void flushNow() {
    queued.flushNow();
  }

  /** A write failed outside of a flush. */
  void writeFailed(Throwable cause) {
    queued.writeFailed(cause);
  }

  void checkRegion(FileRegion region) throws IOException {
    if (region instanceof DefaultFileRegion file) {
      validateFileRegion(file, region.transferred());
    }
  }

  @Override
  public boolean isInputShutdown() {
    return !open || (carrier != null && carrier.isInputShutdown());
  }

  @Override
  public boolean isOutputShutdown() {
    return !open || (carrier != null && carrier.isOutputShutdown());
  }

  @Override
  public boolean isShutdown() {
    return isInputShutdown() && isOutputShutdown();
  }

  @Override
  public ChannelFuture shutdown() {
    return shutdown(newPromise());
  }

  @Override
  public ChannelFuture shutdown(ChannelPromise promise) {
    return shutdowns.both(promise);
  }

  @Override
  public ChannelFuture shutdownInput() {
    return shutdownInput(newPromise());
  }

  @Override
  public ChannelFuture shutdownInput(ChannelPromise promise) {
    return shutdowns.input(promise);
  }

  @Override
  public ChannelFuture shutdownOutput() {
    return shutdownOutput(newPromise());
  }

  @Override
  public ChannelFuture shutdownOutput(ChannelPromise promise) {
    return shutdowns.output(promise);
  }

  /** On the event loop. */
  void shutdownOutputNow(ChannelPromise promise) {
    queued.shutdownOutput(promise);
  }

  @Override
  protected void doShutdownOutput() throws Exception {
    if (carrier == null) {
      throw new NotYetConnectedException();
    }
    direct.queueHeld();
    carrier.shutdownOutput();
  }

  /** Both what Netty's pipeline calls and what the event loop knows. */
  final class SocketUnsafe extends AbstractUnsafe implements XenShmIoHandle {

    @Override
    public void connect(
        SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
      if (promise.isDone() || !ensureOpen(promise)) {
        return;
      }
      try {
        if (connectAttempt != null) {
          throw new ConnectionPendingException();
        }
        if (!(remoteAddress instanceof InetSocketAddress address)) {
          throw new UnsupportedAddressTypeException();
        }
        checkResolved(address);
        if (carrier != null) {
          throw new AlreadyConnectedException();
        }
        if (localAddress != null) {
          doBind(localAddress);
        }
        connectAttempt = new ConnectAttempt(XenShmSocketChannel.this, address, promise);
        connectAttempt.start();
      } catch (Throwable e) {
        promise.tryFailure(annotateConnectException(e, remoteAddress));
      }
    }

    @Override
    protected Executor prepareToClose() {
      return carrier != null && carrier == tcp ? tcp.lingeringClose() : null;
    }

    /** What is under way on this loop ends first. */
    @Override
    public void deregister(ChannelPromise promise) {
      if (open && connectAttempt != null && connectAttempt.isUndecided()) {
        connectAttempt.whenDone(() -> deregister(promise));
      } else if (tcp == null || !open) {
        super.deregister(promise);
      } else {
        tcp.deregister().addListener(done -> super.deregister(promise));
      }
    }

    void flushNow() {
      flush0();
    }

    void writeFailed(Throwable cause) {
      handleWriteError(cause);
    }

    @Override
    public void close() {
      close(voidPromise());
    }

    @Override
    public Channel channel() {
      return XenShmSocketChannel.this;
    }

    @Override
    public String describe() {
      ChannelOutboundBuffer pending = outboundBuffer();
      return XenShmSocketChannel.this
          + (open ? " open" : " closed")
          + (active ? " active" : "")
          + (config.isAutoRead() ? "" : " autoRead off")
          + ", path "
          + reason
          + ", pending "
          + (pending == null ? 0 : pending.totalPendingWriteBytes())
          + " bytes, "
          + (pending == null ? 0 : pending.size())
          + " flushed messages"
          + (connectAttempt == null ? "" : ", " + connectAttempt)
          + "; "
          + (carrier == null ? "nothing carries it" : carrier.describe());
    }
  }
}
