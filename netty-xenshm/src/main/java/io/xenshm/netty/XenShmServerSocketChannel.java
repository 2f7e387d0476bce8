package io.xenshm.netty;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.IncomingOffer;
import io.xenshm.link.MappedOffer;
import io.xenshm.link.RefusalReason;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;

/**
 * Listens for connections of other domains of the same Xen host. It binds to a {@link
 * XenShmAddress} of its own domain.
 *
 * <p>Binding waits for XenStore, for a bounded time. As with every Netty channel, methods may be
 * called from any thread, and the channel's state belongs to its event loop.
 */
public final class XenShmServerSocketChannel extends AbstractServerChannel
    implements ServerSocketChannel {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(XenShmServerSocketChannel.class);

  private final XenShmServerSocketChannelConfig config = new XenShmServerSocketChannelConfig(this);
  private final ArrayDeque<IncomingOffer> backlog = new ArrayDeque<>();
  private IoRegistration registration;
  private XenShmLoop loop;
  private boolean readPending;
  private boolean accepting;
  private volatile XenShmAddress local;
  private volatile boolean open = true;

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
                registration = future.getNow();
                loop = registration.attachment();
                promise.setSuccess();
              } else {
                promise.setFailure(future.cause());
              }
            });
  }

  @Override
  protected void doDeregister() {
    registration.cancel();
  }

  @Override
  protected void doBind(SocketAddress localAddress) throws IOException {
    if (!(localAddress instanceof XenShmAddress address)) {
      throw new UnsupportedAddressTypeException();
    }
    int ownDomain = loop.node().xen().domainId();
    if (address.domainId() != ownDomain) {
      throw new BindException(
          "cannot bind " + address + ": this process is in domain " + ownDomain);
    }
    int port = loop.node().listeners().bind(address.getPort(), this::offered);
    local = new XenShmAddress(ownDomain, port);
  }

  @Override
  protected void doClose() {
    open = false;
    if (local != null) {
      loop.node().listeners().unbind(local.getPort());
    }
    while (!backlog.isEmpty()) {
      backlog.remove().refuse(loop.doorbells(), RefusalReason.NO_LISTENER);
    }
  }

  private void offered(IncomingOffer offer) {
    try {
      eventLoop().execute(() -> enqueue(offer));
    } catch (RejectedExecutionException e) {
      logger.debug("The listener's event loop ended: {} dropped", offer, e);
    }
  }

  private void enqueue(IncomingOffer offer) {
    if (!open) {
      offer.refuse(loop.doorbells(), RefusalReason.NO_LISTENER);
    } else if (backlog.size() > config.getBacklog()) {
      offer.refuse(loop.doorbells(), RefusalReason.BACKLOG_FULL);
    } else {
      backlog.add(offer);
      accept();
    }
  }

  @Override
  protected void doBeginRead() {
    readPending = true;
    if (!backlog.isEmpty() && !accepting) {
      eventLoop().execute(this::accept);
    }
  }

  private void accept() {
    if (accepting || backlog.isEmpty() || !(readPending || config.isAutoRead())) {
      return;
    }
    accepting = true;
    try {
      var allocation = unsafe().recvBufAllocHandle();
      allocation.reset(config);
      ChannelPipeline pipeline = pipeline();
      do {
        XenShmSocketChannel child = nextChild();
        if (child != null) {
          readPending = false;
          allocation.incMessagesRead(1);
          pipeline.fireChannelRead(child);
        }
      } while (open && !backlog.isEmpty() && allocation.continueReading());
      allocation.readComplete();
      pipeline.fireChannelReadComplete();
    } finally {
      accepting = false;
    }
    if (!backlog.isEmpty() && (readPending || config.isAutoRead())) {
      eventLoop().execute(this::accept);
    }
  }

  private XenShmSocketChannel nextChild() {
    IncomingOffer offer = backlog.remove();
    try {
      MappedOffer mapped = offer.map(loop.doorbells());
      return mapped == null ? null : new XenShmSocketChannel(this, mapped, local);
    } catch (IOException e) {
      logger.debug("{} is not taken", offer, e);
      return null;
    }
  }

  private final class ServerUnsafe extends AbstractUnsafe implements XenShmIoHandle {
    @Override
    public void connect(SocketAddress remote, SocketAddress localAddress, ChannelPromise promise) {
      safeSetFailure(promise, new UnsupportedOperationException("a listener connects to nobody"));
    }

    @Override
    public int poll() {
      return 0;
    }

    @Override
    public boolean prepareToSleep() {
      return true;
    }

    @Override
    public long spinNanos() {
      return 0;
    }

    @Override
    public void handle(IoRegistration ioRegistration, IoEvent event) {
      throw new IllegalStateException("a listener gets no events: " + event);
    }

    @Override
    public void close() {
      close(voidPromise());
    }
  }
}
