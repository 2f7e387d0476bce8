package io.xenshm.netty;

import io.xenshm.directory.Peer;
import io.xenshm.directory.PeerDirectory;
import io.xenshm.link.LinkNode;
import io.xenshm.xen.Xen;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * What all event loops of this process over one {@link Xen} share: links and the directory of
 * peers. The first loop opens it, the end of the last one closes it. May be used from any thread.
 */
final class LocalDomain {
  private static final IdentityHashMap<Xen, LocalDomain> DOMAINS = new IdentityHashMap<>();

  private final Xen xen;
  private final LinkNode links;
  private final PeerDirectory peers;
  private final XenShmPeers allowed;
  private volatile boolean xenStoreSlow;
  private int users;

  private LocalDomain(Xen xen, LinkNode links, PeerDirectory peers, XenShmPeers allowed) {
    this.xen = xen;
    this.links = links;
    this.peers = peers;
    this.allowed = allowed;
  }

  /**
   * Returns the domain of a {@code Xen}; {@link #release()} must follow.
   *
   * @param directories opens the directory where this is the first use
   * @throws IOException if this process cannot be registered
   * @throws IllegalArgumentException if a system property is malformed
   */
  static LocalDomain acquire(Xen xen, Function<Xen, PeerDirectory> directories) throws IOException {
    synchronized (DOMAINS) {
      LocalDomain domain = DOMAINS.get(xen);
      if (domain == null) {
        domain = open(xen, directories.apply(xen));
        DOMAINS.put(xen, domain);
      }
      domain.users++;
      return domain;
    }
  }

  private static LocalDomain open(Xen xen, PeerDirectory peers) throws IOException {
    boolean opened = false;
    try {
      XenShmPeers allowed = XenShmPeers.configured();
      LocalDomain domain = new LocalDomain(xen, LinkNode.acquire(xen), peers, allowed);
      opened = true;
      return domain;
    } finally {
      if (!opened) {
        peers.close();
      }
    }
  }

  /** Gives back what {@link #acquire} returned. */
  void release() {
    synchronized (DOMAINS) {
      if (--users > 0) {
        return;
      }
      DOMAINS.remove(xen);
    }
    peers.close();
    links.release();
  }

  int id() {
    return xen.domainId();
  }

  LinkNode links() {
    return links;
  }

  /** Says whether the last bind that waited for XenStore waited in vain. */
  boolean isXenStoreSlow() {
    return xenStoreSlow;
  }

  void setXenStoreSlow(boolean slow) {
    xenStoreSlow = slow;
  }

  PeerDirectory peers() {
    return peers;
  }

  /** Says whether a domain may share memory with a channel, by its option and the configuration. */
  boolean admits(XenShmPeers ofChannel, int domainId) {
    Peer known = peers.peer(domainId);
    return allowed.admit(domainId, known) && ofChannel.admit(domainId, known);
  }

  /** Returns a stage that completes when {@link #admits} can tell; never exceptionally. */
  CompletionStage<Void> knowsWhomToAdmit(XenShmPeers ofChannel) {
    return allowed.needTheTable() || ofChannel.needTheTable()
        ? peers.firstRead()
        : CompletableFuture.completedFuture(null);
  }
}
