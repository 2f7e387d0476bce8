package io.xenshm.netty;

import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.IncomingOffer;
import io.xenshm.link.LinkKind;
import io.xenshm.link.Listeners;
import io.xenshm.link.MappedOffer;
import io.xenshm.link.OfferHandler;
import io.xenshm.link.PeerLimit;
import io.xenshm.link.RefusalReason;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** A server channel's way to take connections by shared memory. Belongs to its event loop. */
final class RingListener {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(RingListener.class);

  /** How long offers wait whose domain has to. */
  static final long LOOK_AGAIN_MILLIS = 2;

  private final XenShmServerSocketChannel channel;
  private final OfferHandler handler = this::offered;
  private XenShmLoop loop;

  /** An offer may come on the loop that the channel just left. */
  private final Queue<IncomingOffer> backlog = new LinkedBlockingQueue<>();

  private InetSocketAddress local;

  /** Null where it is reached by domain number only. */
  private Announcement announcement;

  private boolean readPending;
  private boolean accepting;
  private boolean acceptingLater;

  RingListener(XenShmServerSocketChannel channel, XenShmLoop loop) {
    this.channel = channel;
    this.loop = loop;
  }

  /**
   * Goes on with the loop that the channel is now registered with.
   *
   * @throws IOException if that loop is of another domain, or without Xen
   */
  void resume(XenShmLoop newLoop) throws IOException {
    if (newLoop.domain() != loop.domain()) {
      throw new IOException(
          "a listener for shared memory cannot move to an event loop of another domain, or without"
              + " Xen");
    }
    loop = newLoop;
    acceptingLater = false; // whatever was to come on the loop before
    channel.eventLoop().execute(this::accept);
  }

  /** Listens at a port of this domain; returns the address with the port. */
  XenShmAddress bind(XenShmAddress address) throws IOException {
    int ownDomain = loop.domain().id();
    if (address.domainId() != ownDomain) {
      throw new BindException(
          "cannot bind " + address + ": this process is in domain " + ownDomain);
    }
    Listeners listeners = loop.domain().links().listeners();
    CompletableFuture<Integer> claim =
        loop.domain()
            .knowsWhomToAdmit(channel.config().getPeers())
            .thenCompose(known -> listeners.bind(address.getPort(), handler))
            .toCompletableFuture();
    XenShmAddress bound = null;
    try {
      bound = new XenShmAddress(ownDomain, Announcement.await(claim));
    } catch (Announcement.SlowException e) {
      throw (IOException)
          new BindException("cannot bind " + address + ": " + e.getMessage()).initCause(e);
    } finally {
      if (bound == null) {
        listeners.unbind(LinkKind.STREAM, address.getPort(), handler);
        claim.thenAccept(port -> listeners.unbind(LinkKind.STREAM, port, handler));
      }
    }
    local = bound;
    return bound;
  }

  /**
   * Listens at an address that is bound already.
   *
   * @return why that makes no sense; {@code null} where it is done
   * @throws IOException if it fails
   */
  String bind(InetSocketAddress address) throws IOException {
    return announcementOf(address).now();
  }

  /**
   * Listens at an address that TCP has bound already, now or when XenStore answers.
   *
   * @param givenUp is run where it does not and will not
   */
  void bindWhenPossible(InetSocketAddress address, Runnable givenUp) {
    announcementOf(address).whenPossible(givenUp);
  }

  private Announcement announcementOf(InetSocketAddress address) {
    local = address;
    announcement = new Announcement(channel, loop, LinkKind.STREAM, address, handler);
    return announcement;
  }

  void close() {
    if (local == null) {
      return;
    }
    if (announcement != null) {
      announcement.end();
    } else {
      loop.domain().links().listeners().unbind(LinkKind.STREAM, local.getPort(), handler);
    }
    local = null;
    while (!backlog.isEmpty()) {
      refuse(backlog.remove(), RefusalReason.NO_LISTENER);
    }
  }

  @Override
  public String toString() {
    return "listens for rings at "
        + local
        + ", backlog "
        + backlog.size()
        + (readPending ? ", read pending" : "");
  }

  private void offered(IncomingOffer offer) {
    try {
      channel.eventLoop().execute(() -> enqueue(offer));
    } catch (RejectedExecutionException e) {
      logger.debug("The listener's event loop ended: {} dropped", offer, e);
      offer.drop();
    }
  }

  private void enqueue(IncomingOffer offer) {
    if (!channel.eventLoop().inEventLoop()) {
      offered(offer); // the channel moved to another loop
      return;
    }
    while (!backlog.isEmpty() && backlog.peek().isLate()) {
      refuse(backlog.remove(), RefusalReason.TOO_LATE);
    }
    if (!channel.isOpen() || local == null) {
      refuse(offer, RefusalReason.NO_LISTENER);
    } else if (backlog.size() > channel.config().getBacklog()) {
      refuse(offer, RefusalReason.BACKLOG_FULL);
    } else {
      backlog.add(offer);
      accept();
    }
  }

  /** A domain that takes too much of the loop's time is told nothing: that takes time too. */
  private void refuse(IncomingOffer offer, RefusalReason reason) {
    if (reason == RefusalReason.BACKLOG_FULL || reason == RefusalReason.TOO_LATE) {
      warn(offer, reason.text() + nextStep(reason));
    }
    HandshakeShare handshakes = loop.handshakes();
    if (handshakes.isSpent(offer.peerDomain())) {
      offer.drop();
    } else {
      handshakes.run(offer.peerDomain(), () -> offer.refuse(loop.doorbells(), reason));
    }
  }

  private String nextStep(RefusalReason reason) {
    return switch (reason) {
      case BACKLOG_FULL ->
          " (SO_BACKLOG is " + channel.config().getBacklog() + "): accept faster, or raise it";
      case TOO_LATE ->
          " ("
              + PeerLimit.HANDSHAKE_MILLIS.property()
              + " is "
              + loop.domain().links().limits().value(PeerLimit.HANDSHAKE_MILLIS)
              + "): see what keeps the event loop busy";
      default -> "";
    };
  }

  /** The client's log says so too, but it is its guest's. */
  private void warn(IncomingOffer offer, String why) {
    String what = "connections to port " + local.getPort() + " are refused shared memory";
    PathReasons.warnOfRefusal(loop, offer.peerDomain(), what, why);
  }

  void beginRead() {
    readPending = true;
    if (!backlog.isEmpty() && !accepting) {
      channel.eventLoop().execute(this::accept);
    }
  }

  /** Auto-read was switched off: takes back a read that found nothing yet. */
  void cancelRead() {
    readPending = false;
  }

  private void accept() {
    if (accepting || backlog.isEmpty() || !wantsChildren()) {
      return;
    }
    IncomingOffer offer = takeNext();
    if (offer == null) {
      acceptLater();
      return;
    }
    accepting = true;
    try {
      acceptFrom(offer);
    } catch (Throwable e) {
      channel.pipeline().fireExceptionCaught(e);
    } finally {
      accepting = false;
    }
    if (!backlog.isEmpty() && wantsChildren()) {
      channel.eventLoop().execute(this::accept);
    }
  }

  /** As epoll's listener: tells its handlers what the program's code threw, and stays open. */
  private void acceptFrom(IncomingOffer first) {
    IncomingOffer offer = first;
    ExtendedHandle allocation = null;
    Throwable failure = null;
    try {
      allocation = (ExtendedHandle) channel.unsafe().recvBufAllocHandle();
      allocation.reset(channel.config());
      do {
        XenShmSocketChannel child = childOf(offer);
        offer = null;
        if (child != null) {
          readPending = false;
          channel.pipeline().fireChannelRead(child);
          allocation.incMessagesRead(1);
        }
        offer = channel.isOpen() && allocation.continueReading() ? takeNext() : null;
      } while (offer != null);
    } catch (Throwable e) {
      failure = e;
      if (offer != null) {
        refuse(offer, RefusalReason.NO_RESOURCES);
      }
    }
    if (allocation != null) {
      allocation.readComplete();
    }
    channel.pipeline().fireChannelReadComplete();
    if (failure != null) {
      channel.pipeline().fireExceptionCaught(failure);
    }
  }

  /** Removes the oldest offer of a domain that need not wait; null where all have to. */
  private IncomingOffer takeNext() {
    int waiting = -1; // most of the offers are that domain's
    for (Iterator<IncomingOffer> offers = backlog.iterator(); offers.hasNext(); ) {
      IncomingOffer offer = offers.next();
      if (offer.peerDomain() == waiting) {
        continue;
      }
      if (!loop.handshakes().isSpent(offer.peerDomain())) {
        offers.remove();
        return offer;
      }
      waiting = offer.peerDomain();
    }
    return null;
  }

  private void acceptLater() {
    if (!acceptingLater) {
      acceptingLater = true;
      logger.debug("{}: {} offers wait, since other domains are busy", channel, backlog.size());
      channel
          .eventLoop()
          .schedule(
              () -> {
                acceptingLater = false;
                accept();
              },
              LOOK_AGAIN_MILLIS,
              TimeUnit.MILLISECONDS);
    }
  }

  private boolean wantsChildren() {
    return channel.isRegistered()
        && channel.eventLoop().inEventLoop()
        && (readPending || channel.config().isAutoRead());
  }

  private XenShmSocketChannel childOf(IncomingOffer offer) {
    boolean byDomain = local instanceof XenShmAddress;
    InetAddress peer = byDomain ? null : loop.domain().peers().addressOf(offer.peerDomain());
    boolean known = peer != null || byDomain;
    if (!known || !loop.domain().admits(channel.config().getPeers(), offer.peerDomain())) {
      XenShmMetrics.denied();
      warn(
          offer,
          known ? XenShmPathReason.PEER_DENIED.text() : "the domain is not in this guest's table");
      refuse(offer, RefusalReason.NOT_ALLOWED);
      return null;
    }
    if (offer.isLate()) {
      refuse(offer, RefusalReason.TOO_LATE);
      return null;
    }
    try {
      MappedOffer mapped =
          loop.handshakes().call(offer.peerDomain(), () -> offer.map(loop.doorbells()));
      if (mapped == null) {
        return null;
      }
      return childOf(mapped, byDomain ? null : peer);
    } catch (IOException e) {
      logger.debug("{} is not taken", offer, e);
      if (e instanceof XenException) {
        warn(offer, e.getMessage());
      }
      return null;
    }
  }

  /**
   * Makes the channel.
   *
   * @param peer {@code null} where this listener is bound to a domain
   */
  private XenShmSocketChannel childOf(MappedOffer offer, InetAddress peer) {
    InetSocketAddress remote =
        peer == null
            ? new XenShmAddress(offer.peerDomain(), offer.peerPort())
            : new InetSocketAddress(peer, offer.peerPort());
    try {
      return new XenShmSocketChannel(
          channel, offer, LocalAddresses.accepted(local, remote, loop.domain()), remote);
    } catch (Throwable e) {
      offer.refuse(loop.doorbells(), RefusalReason.NO_RESOURCES);
      throw e;
    }
  }
}
