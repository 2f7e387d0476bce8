package io.xenshm.netty;

import io.netty.util.concurrent.Future;
import io.xenshm.link.Link;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A datagram channel's rings, and the routes of its packets. Belongs to the channel's event loop.
 */
final class PacketRoutes {
  /** Packets to more addresses take UDP without asking. */
  private static final int MAX_ROUTES = 4096;

  /** Rings that other guests began, of all and of one of them. They cost this guest no grants. */
  static final int MAX_TAKEN = 256;

  static final int MAX_TAKEN_OF_A_DOMAIN = 16;

  private final XenShmDatagramChannel channel;
  private final Map<InetSocketAddress, PacketRoute> routes = new HashMap<>();
  private final Set<PacketPeer> peers = new LinkedHashSet<>();
  private final Set<Integer> distrusted = new HashSet<>();
  private InetSocketAddress lastAddress;
  private PacketRoute lastRoute;
  private Future<?> sweep;

  PacketRoutes(XenShmDatagramChannel channel) {
    this.channel = channel;
  }

  XenShmDatagramChannel channel() {
    return channel;
  }

  /** Returns the route to an address; {@code null} where it is UDP in any case. */
  PacketRoute to(InetSocketAddress remote) {
    if (remote.equals(lastAddress)) {
      return lastRoute;
    }
    PacketRoute route = routes.get(remote);
    if (route == null) {
      if (routes.size() >= MAX_ROUTES || remote.getAddress().isMulticastAddress()) {
        return null;
      }
      route = new PacketRoute(this, remote);
      routes.put(remote, route);
      startSweep();
    }
    lastAddress = remote;
    lastRoute = route;
    return route;
  }

  /** Says whether this channel may begin one more ring. */
  boolean mayBegin() {
    int begun = 0;
    for (PacketPeer peer : peers) {
      begun += peer.began() ? 1 : 0;
    }
    for (PacketRoute route : routes.values()) {
      begun += route.isLooking() ? 1 : 0;
    }
    return begun < channel.config().getMaxPeers();
  }

  /** Says whether one more ring that a guest began may be taken. */
  boolean mayTake(int domain) {
    int all = 0;
    int ofDomain = 0;
    for (PacketPeer peer : peers) {
      if (!peer.began()) {
        all++;
        ofDomain += peer.peerDomain() == domain ? 1 : 0;
      }
    }
    return all < MAX_TAKEN && ofDomain < MAX_TAKEN_OF_A_DOMAIN && !distrusted.contains(domain);
  }

  /**
   * Begins to use a link.
   *
   * @param began whether this side began it
   */
  void add(Link link, InetSocketAddress remote, boolean began) {
    boolean added = false;
    try {
      add(new PacketPeer(this, link, remote, began));
      added = true;
    } finally {
      if (!added) {
        link.close();
      }
    }
  }

  /**
   * Begins to use a ring. Where both sides began one at the same time, both write to the same: the
   * one that the lower domain began. The other is idle then, and goes.
   */
  private void add(PacketPeer peer) {
    peers.add(peer);
    startSweep();
    PacketRoute route = to(peer.remote());
    if (route != null && (route.currentRing() == null || peer.began() == isLowerDomain(peer))) {
      route.setRing(peer);
    }
    channel.ringsChanged(addresses());
    peer.start();
    channel.flushLater();
  }

  private boolean isLowerDomain(PacketPeer peer) {
    return channel.loop().domain().id() < peer.peerDomain();
  }

  /** Writes no more packets to a ring. */
  void forget(PacketPeer peer) {
    PacketRoute route = routes.get(peer.remote());
    if (route != null && route.currentRing() == peer) {
      route.setRing(otherRingTo(peer));
      channel.ringsChanged(addresses());
    }
  }

  private PacketPeer otherRingTo(PacketPeer not) {
    for (PacketPeer peer : peers) {
      if (peer != not && peer.remote().equals(not.remote()) && peer.isUsable()) {
        return peer;
      }
    }
    return null;
  }

  /** A peer broke the protocol: for a while there are no rings with its domain. */
  void distrust(PacketPeer peer) {
    distrusted.add(peer.peerDomain());
    PacketRoute route = routes.get(peer.remote());
    if (route != null) {
      route.notBeforeLong();
    }
  }

  /** A ring is closed. */
  void remove(PacketPeer peer) {
    forget(peer);
    peers.remove(peer);
  }

  void activateAll() {
    for (PacketPeer peer : peers) {
      peer.activate();
    }
  }

  private Set<InetSocketAddress> addresses() {
    Set<InetSocketAddress> addresses = new HashSet<>();
    for (Map.Entry<InetSocketAddress, PacketRoute> route : routes.entrySet()) {
      if (route.getValue().currentRing() != null) {
        addresses.add(route.getKey());
      }
    }
    return Set.copyOf(addresses);
  }

  private void startSweep() {
    if (sweep == null) {
      long period = Math.max(1, channel.config().getIdleMillis() / 2);
      sweep =
          channel
              .eventLoop()
              .scheduleWithFixedDelay(this::sweep, period, period, TimeUnit.MILLISECONDS);
    }
  }

  private void sweep() {
    distrusted.clear();
    for (PacketPeer peer : List.copyOf(peers)) {
      try {
        peer.closeIfIdle();
      } catch (Throwable e) {
        peer.failed(e); // and the sweep goes on
      }
    }
    routes.values().removeIf(PacketRoute::isStale);
    lastAddress = null;
    lastRoute = null;
    if (routes.isEmpty() && peers.isEmpty()) {
      stopSweep();
    }
  }

  private void stopSweep() {
    if (sweep != null) {
      sweep.cancel(false);
      sweep = null;
    }
  }

  /** Closes all rings, but for those with one address. */
  void closeAllBut(InetSocketAddress remote) {
    for (PacketRoute route : new ArrayList<>(routes.values())) {
      if (!route.remote().equals(remote)) {
        route.close();
        routes.remove(route.remote());
      }
    }
    for (PacketPeer peer : List.copyOf(peers)) {
      if (!peer.remote().equals(remote)) {
        peer.close();
      }
    }
    lastAddress = null;
    lastRoute = null;
    if (remote == null) {
      stopSweep();
    }
  }
}
