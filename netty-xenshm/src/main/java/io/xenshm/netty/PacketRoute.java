package io.xenshm.netty;

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
import io.xenshm.xen.XenLimitException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The way of packets to one address: UDP, until there is a ring. Looks for one when a packet asks,
 * and again after some seconds where there is none. Belongs to the channel's event loop.
 */
final class PacketRoute implements LinkConnector.Callback {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(PacketRoute.class);
  private static final long ASK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final PacketRoutes routes;
  private final XenShmDatagramChannel channel;
  private final InetSocketAddress remote;

  /** The domain's number, or the address until it is known. */
  private Object peer;

  private PacketPeer ring;
  private LinkConnector connector;
  private Future<?> timeout;
  private boolean asking;
  private boolean closed;
  private boolean asked;
  private long askedNanos;
  private XenShmPathReason reason;

  PacketRoute(PacketRoutes routes, InetSocketAddress remote) {
    this.routes = routes;
    channel = routes.channel();
    this.remote = remote;
    peer = remote;
  }

  /** Returns the ring to write to; {@code null} where there is none, or not yet. */
  PacketPeer ring() {
    if (ring == null && !asking && isDue()) {
      ask();
    }
    return ring;
  }

  InetSocketAddress remote() {
    return remote;
  }

  void setRing(PacketPeer newRing) {
    ring = newRing;
  }

  PacketPeer currentRing() {
    return ring;
  }

  /** Says whether a ring may come soon. */
  boolean isAsking() {
    return asking;
  }

  boolean isLooking() {
    return connector != null;
  }

  /** Returns why there is no ring. */
  XenShmPathReason reason() {
    return reason;
  }

  /** Says whether nothing would be lost with this route. */
  boolean isStale() {
    return ring == null && !asking && isDue();
  }

  private boolean isDue() {
    return !asked || System.nanoTime() - askedNanos > ASK_AGAIN_NANOS;
  }

  private void ask() {
    asking = true;
    int millis = channel.config().getXenShmConnectTimeoutMillis();
    timeout = channel.eventLoop().schedule(() -> timedOut(millis), millis, TimeUnit.MILLISECONDS);
    CompletableFuture<PeerLookup> lookup =
        channel.loop().domain().peers().lookup(remote.getAddress()).toCompletableFuture();
    if (lookup.isDone()) {
      found(lookup.join());
    } else {
      lookup.thenAcceptAsync(this::found, channel.eventLoop());
    }
  }

  private void found(PeerLookup lookup) {
    if (!asking) {
      return;
    }
    if (lookup.outcome() != Outcome.CO_RESIDENT) {
      answered(PathReasons.of(lookup.outcome()), null);
    } else {
      peer = lookup.peer().domainId();
      begin(lookup.peer().domainId());
    }
  }

  private void begin(int domainId) {
    if (!channel.loop().domain().admits(channel.config().getPeers(), domainId)) {
      answered(XenShmPathReason.PEER_DENIED, null);
    } else if (!routes.mayBegin()) {
      answered(
          XenShmPathReason.QUOTA,
          new XenLimitException(
              "the channel has begun rings with "
                  + channel.config().getMaxPeers()
                  + " peers (XENSHM_MAX_PEERS)"));
    } else {
      XenShmLoop loop = channel.loop();
      connector =
          new LinkConnector(
              loop.domain().links(),
              loop.doorbells(),
              channel.eventLoop(),
              new LinkTarget(
                  LinkKind.DATAGRAM,
                  domainId,
                  remote.getPort(),
                  remote.getAddress(),
                  channel.localAddress().getPort()),
              channel.config().getRingSize(),
              this);
      connector.start();
    }
  }

  private void timedOut(int millis) {
    ConnectTimeoutException cause =
        new ConnectTimeoutException(
            "no answer from "
                + remote
                + " after "
                + millis
                + " ms (XENSHM_CONNECT_TIMEOUT_MILLIS)");
    if (connector != null) {
      connector.timedOut(cause);
    } else {
      failed(cause);
    }
  }

  @Override
  public void connected(Link link) {
    answered(XenShmPathReason.CO_RESIDENT, null);
    if (closed) {
      link.close();
    } else {
      routes.add(link, remote, true);
    }
  }

  @Override
  public void failed(IOException cause) {
    answered(PathReasons.of(cause), cause);
  }

  private void answered(XenShmPathReason why, IOException cause) {
    if (!closed && why != XenShmPathReason.CO_RESIDENT) {
      logger.debug("{}: UDP to {}: {}", channel, remote, why.text(), cause);
      PathReasons.warn(channel.loop(), peer, "packets take UDP instead of rings", why, cause);
    }
    asking = false;
    connector = null;
    notBeforeLong();
    reason = why;
    timeout.cancel(false);
    XenShmMetrics.connected(why);
    if (!closed) {
      channel.flushLater();
    }
  }

  /** Has packets take UDP for some seconds. */
  void notBeforeLong() {
    asked = true;
    askedNanos = System.nanoTime();
  }

  void close() {
    closed = true;
    if (connector != null) {
      connector.abandon(new ClosedChannelException());
    } else if (asking) {
      failed(new ClosedChannelException());
    }
  }
}
