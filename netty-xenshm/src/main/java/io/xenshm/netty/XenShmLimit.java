package io.xenshm.netty;

import io.xenshm.link.PeerLimit;
import io.xenshm.link.PeerLimits;

/**
 * What one peer domain may take of this process. Each limit is a system property, a whole number of
 * at least 1, and read when the first event loop for a {@link io.xenshm.xen.Xen} is made; {@link
 * XenShmMetrics#limitReached} counts how often it was reached.
 */
public enum XenShmLimit {
  /**
   * {@code xenshm.peer.maxConnections}: open connections, and rings of datagram channels. Beyond, a
   * listener refuses, and a client takes TCP.
   */
  CONNECTIONS(PeerLimit.CONNECTIONS),
  /**
   * {@code xenshm.peer.maxPages}: pages of 4096 bytes that the peer granted and that are mapped
   * here, and pages that are granted to it. Beyond, a listener refuses, and a client takes TCP.
   */
  PAGES(PeerLimit.PAGES),
  /**
   * {@code xenshm.peer.maxHeldPages}: granted pages that the peer has not unmapped 200 milliseconds
   * after their connection ended. Beyond, a client takes TCP. Pages of offers that the peer did not
   * answer count for a minute.
   */
  HELD_PAGES(PeerLimit.HELD_PAGES),
  /** {@code xenshm.peer.maxPendingOffers}: offers without an answer. Beyond, they are dropped. */
  PENDING_OFFERS(PeerLimit.PENDING_OFFERS),
  /**
   * {@code xenshm.peer.maxOfferChangesPerSecond}: changes of nodes of offers in a second, two for
   * an honest connection. Beyond, offers are dropped, unread.
   */
  OFFERS(PeerLimit.OFFERS),
  /**
   * {@code xenshm.peer.maxHandshakeMillis}: how long an offer may wait for its answer. A listener
   * that comes to it later refuses it; a client waits no longer, whatever its time-outs say.
   */
  HANDSHAKE_MILLIS(PeerLimit.HANDSHAKE_MILLIS),
  /**
   * {@code xenshm.peer.maxDoorbellsPerSecond}: events of all of the peer's connections at one event
   * loop in a second with which no bytes moved, counted over 2 milliseconds. Events with which
   * bytes moved are not counted, and each pays for two others. Beyond, its doorbells are not
   * listened to for 2 milliseconds; data that comes meanwhile is seen after that, or before if the
   * loop looks anyway.
   */
  DOORBELLS(PeerLimit.DOORBELLS);

  private final PeerLimit limit;

  XenShmLimit(PeerLimit limit) {
    this.limit = limit;
  }

  /** Returns the system property. */
  public String property() {
    return limit.property();
  }

  /** Returns the value that holds where the system property is not set. */
  public int defaultValue() {
    return limit.defaultValue();
  }

  long reached() {
    return PeerLimits.reached(limit);
  }
}
