package io.xenshm.sim.xenstore;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xenstore.XenStoreFrame;
import java.util.concurrent.TimeUnit;

/** One client's connection: hands requests to the daemon, sends what it answers. */
final class SimXenStoreHandler extends SimpleChannelInboundHandler<XenStoreFrame> {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(SimXenStoreHandler.class);

  /** Answers that a client may leave unread before no more of its requests are read. */
  private static final int MAX_OUTSTANDING = 20;

  private final StoreDaemon daemon;
  private final StoreConnection connection;
  private ChannelHandlerContext context;
  private int unsent;
  private boolean suspended;
  private boolean wroteTooMuch;
  private boolean flushDue;

  SimXenStoreHandler(StoreDaemon daemon, int domainId) {
    super(XenStoreFrame.class);
    this.daemon = daemon;
    this.connection = new StoreConnection(domainId, this::send);
  }

  StoreConnection connection() {
    return connection;
  }

  /** Has requests wait, or be served again. */
  void setSuspended(boolean waits) {
    suspended = waits;
    setReading();
  }

  private void setReading() {
    context.channel().config().setAutoRead(!suspended && !wroteTooMuch && unsent < MAX_OUTSTANDING);
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    daemon.connected(connection);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    daemon.disconnected(connection);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, XenStoreFrame request) {
    if (ctx.channel().isActive()) { // else it was dropped, and asks in vain
      long waitNanos = daemon.handle(connection, request);
      if (waitNanos > 0 && !wroteTooMuch) {
        wroteTooMuch = true;
        setReading();
        ctx.executor().schedule(this::goOn, waitNanos, TimeUnit.NANOSECONDS);
      }
    }
  }

  private void goOn() {
    wroteTooMuch = false;
    setReading();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOGGER.warn(
        "Dropping a XenStore connection of domain {}: {}",
        connection.domainId(),
        cause.getMessage());
    ctx.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
  }

  private void send(XenStoreFrame frame) {
    unsent++;
    setReading();
    context
        .write(frame)
        .addListener(
            sent -> {
              unsent--;
              setReading();
            });
    if (!flushDue) {
      flushDue = true;
      context.executor().execute(this::flush); // when all requests that are there are answered
    }
  }

  private void flush() {
    flushDue = false;
    context.flush();
  }
}
