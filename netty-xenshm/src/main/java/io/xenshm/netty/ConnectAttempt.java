package io.xenshm.netty;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.directory.PeerLookup;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.link.Link;
import io.xenshm.link.LinkConnector;
import io.xenshm.link.LinkKind;
import io.xenshm.link.LinkTarget;
import io.xenshm.link.PeerLimit;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A client channel's attempt to connect: shared memory where the peer is a guest of this host,
 * within a bounded time, and TCP otherwise. Belongs to the channel's event loop.
 */
final class ConnectAttempt implements LinkConnector.Callback {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ConnectAttempt.class);

  private final XenShmSocketChannel channel;
  private final InetSocketAddress remote;
  private final ChannelPromise promise;
  private final long startNanos = System.nanoTime();
  private InetSocketAddress local;

  /** The domain's number, or the address until it is known. */
  private Object peer;

  private LinkConnector connector;
  private Future<?> timeout;

  /** True while shared memory is still possible. */
  private boolean undecided = true;

  ConnectAttempt(XenShmSocketChannel channel, InetSocketAddress remote, ChannelPromise promise) {
    this.channel = channel;
    this.remote = remote;
    peer = remote;
    this.promise = promise;
  }

  void start() {
    promise.addListener(
        done -> {
          if (done.isCancelled()) {
            channel.unsafe().close(channel.unsafe().voidPromise());
          }
        });
    XenShmSocketChannelConfig config = channel.config();
    if (remote instanceof XenShmAddress address) {
      connectIfAdmitted(address.domainId(), address);
    } else if (config.getMode() == XenShmMode.OFF) {
      connectTcp(XenShmPathReason.MODE_OFF);
    } else if (!channel.loop().hasXen()) {
      noRing(XenShmPathReason.XEN_UNAVAILABLE, XenShm.unavailabilityCause());
    } else {
      lookUp();
    }
  }

  /** Says whether shared memory is still possible. */
  boolean isUndecided() {
    return undecided;
  }

  /** Runs something when it is known how the attempt ended. */
  void whenDone(Runnable task) {
    promise.addListener(done -> task.run());
  }

  /** Begins to count, unless it counts already. */
  private void startTimeout() {
    if (timeout == null) {
      int millis = sharedMemoryTimeout();
      timeout = channel.eventLoop().schedule(() -> timedOut(millis), millis, TimeUnit.MILLISECONDS);
    }
  }

  private int sharedMemoryTimeout() {
    int all = channel.config().getConnectTimeoutMillis();
    int ours = channel.config().getXenShmConnectTimeoutMillis();
    boolean noTcp =
        remote instanceof XenShmAddress || channel.config().getMode() == XenShmMode.REQUIRED;
    int wanted = noTcp ? all : all > 0 ? Math.min(all, ours) : ours;
    int most = longestHandshake();
    return wanted > 0 ? Math.min(wanted, most) : most;
  }

  private String nameOfTimeout(int millis) {
    if (millis == longestHandshake()) {
      return PeerLimit.HANDSHAKE_MILLIS.property();
    }
    return millis == channel.config().getConnectTimeoutMillis()
        ? "CONNECT_TIMEOUT_MILLIS"
        : "XENSHM_CONNECT_TIMEOUT_MILLIS";
  }

  private int longestHandshake() {
    return channel.loop().domain().links().limits().value(PeerLimit.HANDSHAKE_MILLIS);
  }

  private void timedOut(int millis) {
    ConnectTimeoutException reason =
        new ConnectTimeoutException(
            "no answer from "
                + remote
                + " after "
                + millis
                + " ms ("
                + nameOfTimeout(millis)
                + ')');
    if (connector != null) {
      connector.timedOut(reason);
    } else if (undecided) {
      failed(reason);
    }
  }

  private void lookUp() {
    CompletableFuture<PeerLookup> lookup =
        channel.loop().domain().peers().lookup(remote.getAddress()).toCompletableFuture();
    if (lookup.isDone()) {
      found(lookup.join());
    } else {
      startTimeout();
      lookup.thenAcceptAsync(result -> step(() -> found(result)), channel.eventLoop());
    }
  }

  private void found(PeerLookup lookup) {
    if (!undecided) {
      return;
    }
    if (lookup.outcome() == Outcome.CO_RESIDENT) {
      connectIfAdmitted(lookup.peer().domainId(), null);
    } else {
      noRing(PathReasons.of(lookup.outcome()), null);
    }
  }

  private void connectIfAdmitted(int domainId, XenShmAddress explicit) {
    peer = domainId;
    XenShmLoop loop = channel.loop();
    if (!loop.hasXen()) {
      failed(new ConnectException("Xen is not available: " + XenShm.unavailabilityCause()));
      return;
    }
    startTimeout();
    CompletableFuture<Void> known =
        loop.domain().knowsWhomToAdmit(channel.config().getPeers()).toCompletableFuture();
    if (known.isDone()) {
      admit(domainId, explicit);
    } else {
      known.thenRunAsync(() -> step(() -> admit(domainId, explicit)), channel.eventLoop());
    }
  }

  private void admit(int domainId, XenShmAddress explicit) {
    if (!undecided) {
      return;
    }
    if (channel.loop().domain().admits(channel.config().getPeers(), domainId)) {
      connectRing(domainId, explicit);
      return;
    }
    ConnectException denial =
        new ConnectException(
            "domain " + domainId + " is not allowed: " + XenShmPathReason.PEER_DENIED.text());
    if (explicit == null) {
      noRing(XenShmPathReason.PEER_DENIED, denial);
    } else {
      failed(denial);
    }
  }

  private void connectRing(int domainId, XenShmAddress explicit) {
    XenShmLoop loop = channel.loop();
    local =
        explicit == null
            ? LocalAddresses.towards(remote, channel.boundAddress(), loop.domain())
            : LocalAddresses.explicit(channel.boundAddress(), loop.domain());
    connector =
        new LinkConnector(
            loop.domain().links(),
            loop.doorbells(),
            channel.eventLoop(),
            new LinkTarget(
                LinkKind.STREAM,
                domainId,
                remote.getPort(),
                explicit == null ? remote.getAddress() : null,
                local.getPort()),
            channel.config().getRingSize(),
            this);
    connector.start();
  }

  @Override
  public void connected(Link link) {
    decided();
    if (!channel.isOpen()) {
      link.close();
      return;
    }
    XenShmPathReason reason =
        remote instanceof XenShmAddress
            ? XenShmPathReason.EXPLICIT_PEER
            : XenShmPathReason.CO_RESIDENT;
    try {
      channel.carry(new RingCarrier(channel, channel.loop(), link), local, remote, reason);
    } catch (Throwable e) {
      link.close();
      end(e);
      return;
    }
    succeed();
  }

  @Override
  public void failed(IOException cause) {
    decided();
    if (remote instanceof XenShmAddress || !channel.isOpen()) {
      fail(cause);
      channel.closeIfOpen();
    } else {
      noRing(PathReasons.of(cause), cause);
    }
  }

  private void noRing(XenShmPathReason reason, Throwable cause) {
    decided();
    if (channel.config().getMode() == XenShmMode.REQUIRED) {
      fail(required(reason, cause));
      return;
    }
    logger.debug("{}: TCP to {}: {}", channel, remote, reason.text(), cause);
    PathReasons.warn(
        channel.loop(), peer, "connections take TCP instead of shared memory", reason, cause);
    connectTcp(reason);
  }

  private IOException required(XenShmPathReason reason, Throwable cause) {
    String text =
        "XENSHM_MODE is REQUIRED, but to "
            + remote
            + " there is none: "
            + PathReasons.explain(reason, cause);
    IOException failure =
        cause instanceof ConnectTimeoutException
            ? new ConnectTimeoutException(text)
            : new ConnectException(text);
    failure.initCause(cause);
    return failure;
  }

  private void connectTcp(XenShmPathReason reason) {
    decided();
    TcpCarrier tcp;
    try {
      tcp = channel.openTcp();
    } catch (Throwable e) { // of an option's value, perhaps
      fail(e);
      channel.closeIfOpen();
      return;
    }
    tcp.connect(remote, remainingMillis())
        .addListener((ChannelFuture done) -> tcpDone(done, tcp, reason));
  }

  /** Returns what is left of the whole connect's time-out; 0 where there is none. */
  private int remainingMillis() {
    int all = channel.config().getConnectTimeoutMillis();
    long spent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    return all <= 0 ? 0 : (int) Math.max(1, all - spent);
  }

  private void tcpDone(ChannelFuture done, TcpCarrier tcp, XenShmPathReason reason) {
    if (done.isSuccess()) {
      channel.carry(tcp, tcp.localAddress(), tcp.remoteAddress(), reason);
      succeed();
    } else {
      fail(done.cause());
      if (!tcp.isOpen()) {
        channel.closeIfOpen();
      }
    }
  }

  private void succeed() {
    channel.announcePath();
    boolean wanted = promise.trySuccess();
    channel.pipeline().fireChannelActive();
    if (!wanted) {
      channel.closeIfOpen();
    }
  }

  /** Whatever a step throws is the end of the attempt: nobody else would tell the promise. */
  private void step(Runnable step) {
    try {
      step.run();
    } catch (Throwable e) {
      end(e);
    }
  }

  private void end(Throwable cause) {
    decided();
    fail(cause);
    channel.closeIfOpen();
  }

  private void fail(Throwable cause) {
    channel.connectEnded();
    promise.tryFailure(cause);
  }

  private void decided() {
    undecided = false;
    connector = null;
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
  }

  @Override
  public String toString() {
    return "connecting to "
        + remote
        + (undecided ? ", shared memory" : ", TCP")
        + (connector == null ? "" : ", offer under way");
  }

  /** The channel closes: gives up what is under way. */
  void close() {
    if (connector != null) {
      connector.abandon(new ClosedChannelException());
    } else if (undecided) {
      failed(new ClosedChannelException());
    }
  }
}
