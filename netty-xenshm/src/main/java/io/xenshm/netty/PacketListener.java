package io.xenshm.netty;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.IncomingOffer;
import io.xenshm.link.Link;
import io.xenshm.link.LinkKind;
import io.xenshm.link.MappedOffer;
import io.xenshm.link.RefusalReason;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Takes the rings that other guests begin with a datagram channel. Belongs to its event loop. */
final class PacketListener {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(PacketListener.class);

  private final XenShmDatagramChannel channel;
  private final PacketRoutes routes;
  private final XenShmLoop loop;
  private final InetSocketAddress local;
  private final Announcement announcement;
  private boolean open = true;

  /**
   * Creates it.
   *
   * @param local an address that UDP has bound already
   */
  PacketListener(XenShmDatagramChannel channel, PacketRoutes routes, InetSocketAddress local) {
    this.channel = channel;
    this.routes = routes;
    this.local = local;
    loop = channel.loop();
    announcement = new Announcement(channel, loop, LinkKind.DATAGRAM, local, this::offered);
  }

  /** Returns the channel's announcement, to be begun. */
  Announcement announcement() {
    return announcement;
  }

  void close() {
    if (open) {
      open = false;
      announcement.end();
    }
  }

  private void offered(IncomingOffer offer) {
    try {
      channel.eventLoop().execute(() -> take(offer));
    } catch (RejectedExecutionException e) {
      logger.debug("The channel's event loop ended: {} dropped", offer, e);
      offer.drop();
    }
  }

  /** An offer of a domain that takes too much of the loop's time waits. */
  private void take(IncomingOffer offer) {
    int domain = offer.peerDomain();
    if (offer.isLate()) {
      offer.drop();
    } else if (loop.handshakes().isSpent(domain)) {
      channel
          .eventLoop()
          .schedule(() -> take(offer), RingListener.LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    } else {
      loop.handshakes().run(domain, () -> takeNow(offer));
    }
  }

  private void takeNow(IncomingOffer offer) {
    RefusalReason obstacle = obstacle(offer.peerDomain());
    if (obstacle != null) {
      if (obstacle != RefusalReason.NO_LISTENER) {
        warn(offer, why(obstacle));
      }
      offer.refuse(loop.doorbells(), obstacle);
      return;
    }
    try {
      MappedOffer mapped = offer.map(loop.doorbells());
      if (mapped != null) {
        take(mapped);
      }
    } catch (IOException e) {
      logger.debug("{}: {} is not taken", channel, offer, e);
      if (e instanceof XenException) {
        warn(offer, e.getMessage());
      }
    }
  }

  private static String why(RefusalReason obstacle) {
    return obstacle == RefusalReason.NOT_ALLOWED
        ? XenShmPathReason.PEER_DENIED.text() + ", or is not in this guest's table"
        : "a channel takes "
            + PacketRoutes.MAX_TAKEN
            + " rings, "
            + PacketRoutes.MAX_TAKEN_OF_A_DOMAIN
            + " of a domain, and none for a while of one that broke the protocol";
  }

  private void warn(IncomingOffer offer, String why) {
    String what = "rings to port " + local.getPort() + " are refused, its packets take UDP";
    PathReasons.warnOfRefusal(loop, offer.peerDomain(), what, why);
  }

  private RefusalReason obstacle(int domain) {
    if (!open) {
      return RefusalReason.NO_LISTENER;
    }
    if (loop.domain().peers().addressOf(domain) == null
        || !loop.domain().admits(channel.config().getPeers(), domain)) {
      XenShmMetrics.denied();
      return RefusalReason.NOT_ALLOWED;
    }
    return routes.mayTake(domain) ? null : RefusalReason.NO_RESOURCES;
  }

  /** The sender of packets is the table's address of the domain: only its port is what it said. */
  private void take(MappedOffer offer) throws IOException {
    InetAddress address = loop.domain().peers().addressOf(offer.peerDomain());
    InetSocketAddress remote =
        address == null ? null : new InetSocketAddress(address, offer.peerPort());
    InetSocketAddress only = channel.connectedTo();
    if (remote == null || (only != null && !only.equals(remote))) {
      offer.refuse(loop.doorbells(), RefusalReason.NOT_ALLOWED);
      return;
    }
    Link link = offer.accept(loop.doorbells(), channel.eventLoop());
    if (link != null) {
      routes.add(link, remote, false);
    }
  }
}
