package io.xenshm.netty;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/**
 * Listens for connections, by TCP and, for guests of the same Xen host, by shared memory. Every
 * accepted connection is a {@link XenShmSocketChannel}.
 *
 * <p>It binds to an {@link InetSocketAddress}. A loopback address is not announced to other guests.
 * Bound to a {@link XenShmAddress} of its own domain it takes shared memory only, and also from
 * domains that this guest's table does not have.
 *
 * <p>Where shared memory is not possible, it listens by TCP alone and the log says why; with {@link
 * XenShmMode#REQUIRED} the bind fails, and where it does not, TCP connections are refused.
 *
 * <p>Binding waits for XenStore, for 3 seconds at most. Where it has not answered by then, a bind
 * to an {@link InetSocketAddress} is done by TCP alone, the log says so, and shared memory follows
 * when XenStore answers; with {@link XenShmMode#REQUIRED}, and to a {@link XenShmAddress}, it
 * fails. As with every Netty channel, methods may be called from any thread, and the channel's
 * state belongs to its event loop.
 */
public final class XenShmServerSocketChannel extends AbstractServerChannel
    implements ServerSocketChannel {
  private final XenShmServerSocketChannelConfig config = new XenShmServerSocketChannelConfig(this);
  private IoRegistration registration;
  private XenShmLoop loop;
  private TcpListener tcp;
  private RingListener ring;
  private Socket reservedPort;
  private volatile InetSocketAddress local;
  private volatile boolean open = true;

  /** A read was asked for before the channel was bound. */
  private boolean earlyRead;

  @Override
  public XenShmServerSocketChannelConfig config() {
    return config;
  }

  @Override
  public InetSocketAddress localAddress() {
    return (InetSocketAddress) super.localAddress();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return null;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open && local != null;
  }

  @Override
  protected SocketAddress localAddress0() {
    return local;
  }

  @Override
  protected boolean isCompatible(EventLoop eventLoop) {
    return eventLoop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(ServerUnsafe.class);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new ServerUnsafe();
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    ((IoEventLoop) eventLoop())
        .register((ServerUnsafe) unsafe())
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
    loop = registration.attachment();
    try {
      if (ring != null) {
        ring.resume(loop);
      }
    } catch (Throwable e) {
      promise.setFailure(e);
      return;
    }
    if (tcp == null) {
      promise.setSuccess();
    } else {
      Shutdowns.cascade(tcp.register(eventLoop()), promise);
    }
  }

  XenShmLoop loop() {
    return loop;
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
    bindTo(localAddress);
    if (earlyRead) {
      doBeginRead();
    }
  }

  private void bindTo(SocketAddress localAddress) throws Exception {
    if (localAddress instanceof XenShmAddress address) {
      bindDomain(address);
    } else if (!(localAddress instanceof InetSocketAddress address)) {
      throw new UnsupportedAddressTypeException();
    } else if (address.isUnresolved()) {
      throw new UnresolvedAddressException();
    } else if (config.getMode() == XenShmMode.REQUIRED) {
      bindRingOnly(address);
    } else {
      InetSocketAddress bound = bindTcp(address);
      if (config.getMode() == XenShmMode.PREFERRED) {
        ring = new RingListener(this, loop);
        ring.bindWhenPossible(bound, this::leaveRing);
      }
      local = bound;
    }
  }

  /** Auto-read was switched off. On another thread a read that was asked for stays, as epoll's. */
  void autoReadCleared() {
    if (isRegistered() && !eventLoop().inEventLoop()) {
      return;
    }
    earlyRead = false;
    if (ring != null) {
      ring.cancelRead();
    }
  }

  private InetSocketAddress bindTcp(InetSocketAddress address) throws Exception {
    TcpListener listener = new TcpListener(this);
    boolean done = false;
    try {
      listener.register(eventLoop());
      InetSocketAddress bound = listener.bind(address);
      done = true;
      tcp = listener;
      return bound;
    } finally {
      if (!done) {
        listener.close();
      }
    }
  }

  private void bindDomain(XenShmAddress address) throws IOException {
    if (!loop.hasXen()) {
      throw (IOException)
          new BindException("cannot bind " + address + ": Xen is not available")
              .initCause(XenShm.unavailabilityCause());
    }
    RingListener listener = new RingListener(this, loop);
    local = listener.bind(address);
    ring = listener;
  }

  private void bindRingOnly(InetSocketAddress address) throws IOException {
    Socket socket = Socket.newSocketStream();
    RingListener listener = new RingListener(this, loop);
    boolean bound = false;
    try {
      socket.setReuseAddress(config.isReuseAddress());
      socket.bind(address);
      announceNow(listener, socket.localAddress());
      bound = true;
      ring = listener;
      reservedPort = socket;
      local = socket.localAddress();
    } finally {
      if (!bound) {
        listener.close();
        socket.close();
      }
    }
  }

  private static void announceNow(RingListener listener, InetSocketAddress address)
      throws IOException {
    String obstacle;
    IOException cause = null;
    try {
      obstacle = listener.bind(address);
    } catch (IOException e) {
      obstacle = e.getMessage();
      cause = e;
    }
    if (obstacle != null) {
      throw (IOException)
          new BindException(
                  "XENSHM_MODE is REQUIRED, but " + address + " is not announced: " + obstacle)
              .initCause(cause);
    }
  }

  private void leaveRing() {
    ring.close();
    ring = null;
  }

  @Override
  protected void doClose() throws IOException {
    open = false;
    if (ring != null) {
      ring.close();
    }
    if (tcp != null) {
      tcp.close();
    }
    if (reservedPort != null) {
      reservedPort.close();
    }
  }

  @Override
  protected void doBeginRead() {
    earlyRead = local == null;
    if (ring != null) {
      ring.beginRead();
    }
    if (tcp != null) {
      tcp.beginRead();
    }
  }

  private final class ServerUnsafe extends AbstractUnsafe implements XenShmIoHandle {
    @Override
    public void connect(SocketAddress remote, SocketAddress localAddress, ChannelPromise promise) {
      safeSetFailure(promise, new UnsupportedOperationException("a listener connects to nobody"));
    }

    @Override
    public void deregister(ChannelPromise promise) {
      if (tcp == null || !open) {
        super.deregister(promise);
      } else {
        tcp.deregister().addListener(done -> super.deregister(promise));
      }
    }

    @Override
    public void close() {
      close(voidPromise());
    }

    @Override
    public Channel channel() {
      return XenShmServerSocketChannel.this;
    }

    @Override
    public String describe() {
      return XenShmServerSocketChannel.this
          + (open ? " open" : " closed")
          + (config.isAutoRead() ? "" : " autoRead off")
          + (tcp == null ? "" : ", TCP")
          + (ring == null ? "" : ", " + ring);
    }
  }
}
