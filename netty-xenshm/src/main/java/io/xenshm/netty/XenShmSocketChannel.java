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
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
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
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.TimeUnit;

/**
 * A connection to another domain of the same Xen host, as a {@link SocketChannel}. It connects to a
 * {@link XenShmAddress}.
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
  private final ConnectAttempt connectAttempt = new ConnectAttempt(this);
  private IoRegistration registration;
  private XenShmLoop loop;
  private ActiveHandles.Slot slot;
  private MappedOffer pendingOffer;
  private RingCarrier carrier;
  private volatile XenShmAddress local;
  private volatile XenShmAddress remote;
  private volatile boolean open = true;
  private volatile boolean active;
  private volatile boolean inputShutdown;
  private volatile boolean outputShutdown;

  /** Creates a channel that is not connected. */
  public XenShmSocketChannel() {
    super(null);
  }

  /** Creates the server's end of an offer; registration accepts it. */
  XenShmSocketChannel(Channel parent, MappedOffer offer, XenShmAddress local) {
    super(parent);
    this.pendingOffer = offer;
    this.local = local;
    this.remote = new XenShmAddress(offer.peerDomain(), offer.peerPort());
  }

  /** Returns the way that this connection's bytes take; {@code null} before it is connected. */
  public XenShmPath path() {
    return remote == null ? null : XenShmPath.SHARED_MEMORY;
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
    return active ? remote : null;
  }

  @Override
  protected boolean isCompatible(EventLoop eventLoop) {
    return eventLoop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(RingUnsafe.class);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new RingUnsafe();
  }

  private RingUnsafe ringUnsafe() {
    return (RingUnsafe) unsafe();
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    ((IoEventLoop) eventLoop())
        .register(ringUnsafe())
        .addListener(
            (io.netty.util.concurrent.Future<IoRegistration> future) -> {
              if (!future.isSuccess()) {
                promise.setFailure(future.cause());
                return;
              }
              try {
                registered(future.getNow());
              } catch (IOException e) {
                promise.setFailure(e);
                return;
              }
              promise.setSuccess();
            });
  }

  private void registered(IoRegistration newRegistration) throws IOException {
    registration = newRegistration;
    XenShmLoop newLoop = newRegistration.attachment();
    if (carrier != null && newLoop.doorbells() != loop.doorbells()) {
      throw new IOException(
          "a connected shared-memory channel stays with its event loop: its event channel port cannot move");
    }
    if (slot == null) {
      slot = new ActiveHandles.Slot(ringUnsafe());
    }
    loop = newLoop;
    if (pendingOffer != null) {
      MappedOffer offer = pendingOffer;
      pendingOffer = null;
      Link link = offer.accept(loop.doorbells(), eventLoop());
      if (link == null) {
        throw new ConnectException("domain " + offer.peerDomain() + " withdrew its connection");
      }
      carry(link);
    }
  }

  @Override
  protected void doDeregister() {
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
  }

  /** Takes over a link that was agreed on. */
  void connected(Link link, XenShmAddress newLocal, XenShmAddress newRemote) {
    local = newLocal;
    remote = newRemote;
    carry(link);
  }

  private void carry(Link link) {
    carrier = new RingCarrier(this, loop, slot, link);
    active = true;
  }

  XenShmLoop loop() {
    return loop;
  }

  XenShmAddress boundAddress() {
    return local;
  }

  @Override
  protected void doBind(SocketAddress localAddress) {
    if (!(localAddress instanceof XenShmAddress address)) {
      throw new UnsupportedAddressTypeException();
    }
    local = address;
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doClose() {
    open = false;
    active = false;
    inputShutdown = true;
    outputShutdown = true;
    connectAttempt.close();
    if (pendingOffer != null && loop != null) {
      pendingOffer.refuse(loop.doorbells(), RefusalReason.NO_LISTENER);
      pendingOffer = null;
    }
    if (carrier != null) {
      carrier.close();
    }
  }

  @Override
  protected void doBeginRead() {
    if (carrier != null) {
      carrier.beginRead();
    }
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) throws Exception {
    carrier.write(in);
  }

  @Override
  protected Object filterOutboundMessage(Object msg) {
    if (msg instanceof ByteBuf || msg instanceof FileRegion) {
      return msg;
    }
    throw new UnsupportedOperationException(
        "unsupported message type: " + StringUtil.simpleClassName(msg) + EXPECTED_TYPES);
  }

  /** Writes again what did not fit before. */
  void flushNow() {
    ringUnsafe().flushNow();
  }

  void checkRegion(FileRegion region) throws IOException {
    if (region instanceof DefaultFileRegion file) {
      validateFileRegion(file, region.transferred());
    }
  }

  /** The peer will send no more, and all it sent was read. */
  void inputEnded() {
    if (inputShutdown) {
      return;
    }
    if (config.isAllowHalfClosure()) {
      inputShutdown = true;
      pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
      pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
    } else {
      unsafe().close(unsafe().voidPromise());
    }
  }

  @Override
  public boolean isInputShutdown() {
    return inputShutdown;
  }

  @Override
  public boolean isOutputShutdown() {
    return outputShutdown;
  }

  @Override
  public boolean isShutdown() {
    return inputShutdown && outputShutdown;
  }

  @Override
  public ChannelFuture shutdown() {
    return shutdown(newPromise());
  }

  @Override
  public ChannelFuture shutdown(ChannelPromise promise) {
    shutdownOutput()
        .addListener(
            output ->
                shutdownInput()
                    .addListener(
                        input -> {
                          Throwable failure = output.isSuccess() ? input.cause() : output.cause();
                          if (failure == null) {
                            promise.setSuccess();
                          } else {
                            promise.setFailure(failure);
                          }
                        }));
    return promise;
  }

  @Override
  public ChannelFuture shutdownInput() {
    return shutdownInput(newPromise());
  }

  @Override
  public ChannelFuture shutdownInput(ChannelPromise promise) {
    onLoop(
        () -> {
          if (!active) {
            promise.setFailure(new NotYetConnectedException());
            return;
          }
          inputShutdown = true;
          carrier.shutdownInput();
          promise.setSuccess();
        });
    return promise;
  }

  @Override
  public ChannelFuture shutdownOutput() {
    return shutdownOutput(newPromise());
  }

  @Override
  public ChannelFuture shutdownOutput(ChannelPromise promise) {
    onLoop(() -> ringUnsafe().shutdownOutput(promise));
    return promise;
  }

  @Override
  protected void doShutdownOutput() {
    if (carrier == null) {
      throw new NotYetConnectedException();
    }
    outputShutdown = true;
    carrier.shutdownOutput();
  }

  private void onLoop(Runnable task) {
    EventLoop eventLoop = eventLoop();
    if (eventLoop.inEventLoop()) {
      task.run();
    } else {
      eventLoop.execute(task);
    }
  }

  /** Both what Netty's pipeline calls and what the event loop looks at. */
  private final class RingUnsafe extends AbstractUnsafe implements XenShmIoHandle {

    @Override
    public void connect(
        SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
      if (promise.isDone() || !ensureOpen(promise)) {
        return;
      }
      if (active) {
        promise.tryFailure(new AlreadyConnectedException());
      } else if (!(remoteAddress instanceof XenShmAddress address)) {
        promise.tryFailure(new UnsupportedAddressTypeException());
      } else {
        if (localAddress != null) {
          doBind(localAddress);
        }
        connectAttempt.start(address, promise);
      }
    }

    @Override
    public int poll() {
      try {
        return carrier == null || carrier.link().isClosed() ? 0 : carrier.poll();
      } catch (IOException | RuntimeException e) {
        return fail(e);
      }
    }

    @Override
    public boolean prepareToSleep() {
      try {
        return carrier == null || carrier.prepareToSleep();
      } catch (IOException e) {
        fail(e);
        return true;
      }
    }

    private int fail(Exception e) {
      pipeline().fireExceptionCaught(e);
      close(voidPromise());
      return 1;
    }

    @Override
    public long spinNanos() {
      return TimeUnit.MICROSECONDS.toNanos(config.getSpinMicros());
    }

    void flushNow() {
      flush0();
    }

    @Override
    public void handle(IoRegistration ioRegistration, IoEvent event) {
      throw new IllegalStateException("a shared-memory channel gets no events: " + event);
    }

    @Override
    public void close() {
      close(voidPromise());
    }
  }
}
