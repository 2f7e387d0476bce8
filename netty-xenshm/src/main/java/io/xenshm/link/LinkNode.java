package io.xenshm.link;

import io.xenshm.xen.Xen;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all links of this process over one {@link Xen} share: its listeners, offers, idle memory,
 * watches. The first event loop that uses a {@code Xen} opens it, and the end of the last one
 * closes it.
 *
 * <p>All methods may be called from any thread.
 */
public final class LinkNode {
  private static final IdentityHashMap<Xen, LinkNode> NODES = new IdentityHashMap<>();

  /** Idle memory that is kept: a quarter of what gntalloc grants a guest by default. */
  private static final int MAX_IDLE_PAGES = 256;

  private final Xen xen;
  private final ProcessRegistry processes;
  private final Listeners listeners;
  private final Offers offers;
  private final MemoryPool pool;
  private final PeerWatches peers;
  private final CompletableFuture<Void> ready;
  private final PeerLimits limits = new PeerLimits(System::nanoTime);
  private final OfferBudget budget = new OfferBudget(limits, System::nanoTime);
  private final AtomicInteger clientPorts = new AtomicInteger((int) Nonces.next());
  private int users;

  private LinkNode(Xen xen) throws IOException {
    this.xen = xen;
    processes = new ProcessRegistry(xen.runtimeDirectory());
    pool = new MemoryPool(xen.grants(), MAX_IDLE_PAGES);
    offers = new Offers(xen.xenStore(), xen.domainId(), processes.ownNonce());
    peers = new PeerWatches(xen.xenStore(), xen.domainId(), this::forget);
    listeners = new Listeners(this, processes, budget);
    ready = new Sweeper(xen.xenStore(), xen.domainId(), processes).sweep();
  }

  /**
   * Returns the node of a {@code Xen}; {@link #release()} must follow.
   *
   * @throws IOException if this process cannot be registered in {@link Xen#runtimeDirectory()}
   * @throws IllegalArgumentException if a {@link PeerLimit}'s property is malformed
   */
  public static LinkNode acquire(Xen xen) throws IOException {
    synchronized (NODES) {
      LinkNode node = NODES.get(xen);
      if (node == null) {
        node = new LinkNode(xen);
        NODES.put(xen, node);
      }
      node.users++;
      return node;
    }
  }

  /**
   * Gives back what {@link #acquire} returned. The last release withdraws listeners and frees idle
   * memory.
   */
  public void release() {
    synchronized (NODES) {
      if (--users > 0) {
        return;
      }
      NODES.remove(xen);
    }
    listeners.close();
    peers.close();
    pool.close();
    processes.close();
  }

  /** Returns the access to Xen. */
  public Xen xen() {
    return xen;
  }

  /** Returns a number for a client to call its own port; they repeat after some ten thousand. */
  public int nextClientPort() {
    return Listeners.FIRST_EPHEMERAL_PORT
        + Math.floorMod(clientPorts.getAndIncrement(), Listeners.EPHEMERAL_PORTS);
  }

  /** Returns this process's listeners. */
  public Listeners listeners() {
    return listeners;
  }

  Offers offers() {
    return offers;
  }

  MemoryPool pool() {
    return pool;
  }

  /** Returns what each peer domain may take of this process. */
  public PeerLimits limits() {
    return limits;
  }

  private void forget(int peerDomain) {
    pool.forget(peerDomain);
    limits.forget(peerDomain);
  }

  OfferBudget budget() {
    return budget;
  }

  PeerWatches peers() {
    return peers;
  }

  /** Completes when the nodes of this domain's dead processes are removed. */
  CompletableFuture<Void> ready() {
    return ready;
  }
}
