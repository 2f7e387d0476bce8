package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreOperations;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The listeners of this process, announced in XenStore. All methods may be called from any thread;
 * {@link #bind} waits for XenStore.
 */
public final class Listeners {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Listeners.class);
  static final int FIRST_EPHEMERAL_PORT = 32768;
  static final int EPHEMERAL_PORTS = 28232;

  private final LinkNode node;
  private final XenStore store;
  private final Xen xen;
  private final ProcessRegistry processes;
  private final Map<ListenerPort, Bound> bound = new ConcurrentHashMap<>();
  private final OfferBudget budget;
  private volatile boolean announced;
  private Watch offerWatch;

  Listeners(LinkNode node, ProcessRegistry processes, OfferBudget budget) {
    this.node = node;
    this.xen = node.xen();
    this.store = xen.xenStore();
    this.processes = processes;
    this.budget = budget;
  }

  /**
   * Announces a listener for streams that is reached by domain number.
   *
   * @param port 1 to 65535, or 0 for one that is free
   * @return the port
   * @throws BindException if the port is taken in this domain
   * @throws IOException if XenStore refuses or does not answer
   */
  public int bind(int port, OfferHandler handler) throws IOException {
    startWatch();
    ListenerRecord listener = ListenerRecord.byDomain(LinkKind.STREAM);
    if (port != 0) {
      claim(new ListenerPort(LinkKind.STREAM, port), listener, handler);
      return port;
    }
    int start = ThreadLocalRandom.current().nextInt(EPHEMERAL_PORTS);
    for (int i = 0; i < EPHEMERAL_PORTS; i++) {
      int candidate = FIRST_EPHEMERAL_PORT + (start + i) % EPHEMERAL_PORTS;
      try {
        claim(new ListenerPort(LinkKind.STREAM, candidate), listener, handler);
        return candidate;
      } catch (BindException e) {
        logger.debug("Port {} is taken, the next is tried", candidate);
      }
    }
    throw new BindException(
        "all of the "
            + EPHEMERAL_PORTS
            + " ports from "
            + FIRST_EPHEMERAL_PORT
            + " are bound in domain "
            + xen.domainId());
  }

  /**
   * Announces a listener that is reached by an address.
   *
   * @param kind what it takes
   * @param address an address of this domain, or the wildcard, and a port from 1 to 65535
   * @throws BindException if the port is taken in this domain, at this address or in this process
   * @throws IOException if XenStore refuses or does not answer
   */
  public void bind(LinkKind kind, InetSocketAddress address, OfferHandler handler)
      throws IOException {
    startWatch();
    claim(
        new ListenerPort(kind, address.getPort()),
        ListenerRecord.at(kind, address.getAddress()),
        handler);
  }

  private void claim(ListenerPort port, ListenerRecord listener, OfferHandler handler)
      throws IOException {
    if (bound.putIfAbsent(port, new Bound(listener, handler)) != null) {
      throw taken(port, "this process");
    }
    boolean claimed = false;
    try {
      await(
          node.ready()
              .thenCompose(
                  swept ->
                      store.transaction(transaction -> announce(transaction, port, listener))));
      claimed = true;
    } finally {
      if (!claimed) {
        bound.remove(port);
      }
    }
  }

  /** A listener that is announced. */
  private record Bound(ListenerRecord listener, OfferHandler handler) {}

  /**
   * Announces all listeners again, for a XenStore that knows nothing of them. Waits for it. One
   * whose port another process took meanwhile stays unannounced.
   */
  void announceAgain() throws IOException {
    if (announced) {
      // Clients watch it to learn of this domain's death, also those whose listener is gone.
      await(store.transaction(this::makeDirectory));
    }
    for (Map.Entry<ListenerPort, Bound> entry : bound.entrySet()) {
      try {
        await(
            store.transaction(
                transaction -> announce(transaction, entry.getKey(), entry.getValue().listener())));
      } catch (BindException e) {
        logger.warn("A listener is reached by shared memory no more", e);
        continue;
      }
      if (!bound.containsKey(entry.getKey())) {
        await(withdraw(entry.getKey())); // unbound meanwhile
      }
    }
  }

  private CompletableFuture<Void> makeDirectory(XenStoreOperations transaction) {
    int ownDomain = xen.domainId();
    String all = StorePaths.listeners(ownDomain);
    return transaction
        .makeDirectory(all)
        .thenCompose(made -> transaction.setPermissions(all, Permission.list("r" + ownDomain)));
  }

  private CompletableFuture<Void> announce(
      XenStoreOperations transaction, ListenerPort port, ListenerRecord listener) {
    int ownDomain = xen.domainId();
    announced = true;
    return ListenerSearch.records(transaction, ownDomain, port)
        .thenCompose(
            others ->
                others.entrySet().stream().noneMatch(other -> excludes(other, listener))
                    ? makeDirectory(transaction)
                    : CompletableFuture.failedFuture(taken(port, "another process of this domain")))
        .thenCompose(
            made ->
                transaction.write(
                    StorePaths.listener(ownDomain, port, processes.ownNonce()), listener.format()));
  }

  private boolean excludes(Map.Entry<String, ListenerRecord> other, ListenerRecord listener) {
    String process = other.getKey();
    return !process.equals(processes.ownNonce())
        && other.getValue().conflictsWith(listener)
        && !processes.isDead(process);
  }

  private BindException taken(ListenerPort port, String owner) {
    return new BindException(
        "address already in use: "
            + port
            + " of domain "
            + xen.domainId()
            + " is bound by "
            + owner);
  }

  /**
   * Withdraws a listener. Its port can be bound again at once.
   *
   * @return completes when XenStore knows
   */
  public CompletableFuture<Void> unbind(LinkKind kind, int port) {
    return unbind(new ListenerPort(kind, port));
  }

  private CompletableFuture<Void> unbind(ListenerPort port) {
    return bound.remove(port) == null ? CompletableFuture.completedFuture(null) : withdraw(port);
  }

  private CompletableFuture<Void> withdraw(ListenerPort port) {
    int ownDomain = xen.domainId();
    return Sweeper.ignoreMissing(
            store.remove(StorePaths.listener(ownDomain, port, processes.ownNonce())))
        .thenCompose(removed -> Sweeper.removeIfEmpty(store, StorePaths.listeners(ownDomain, port)))
        .exceptionally(
            failure -> {
              logger.debug("Listener at {} could not be withdrawn", port, failure);
              return null;
            });
  }

  private synchronized void startWatch() throws IOException {
    if (offerWatch == null) {
      offerWatch = await(store.watch(StorePaths.ALL_DOMAINS, this::changed));
    }
  }

  private void changed(String path) {
    int client = StorePaths.clientOfOffer(path, xen.domainId());
    if (client < 0 || client == xen.domainId()) {
      return;
    }
    if (budget.tryTake(client)) {
      store
          .read(path)
          .whenComplete(
              (value, failure) -> {
                if (failure != null || !received(client, value)) {
                  budget.settled(client);
                }
              });
    } else {
      logger.debug("Offer of domain {} dropped: it makes too many", client);
    }
  }

  /** Hands an offer over; false where it is dropped. */
  private boolean received(int client, byte[] value) {
    Offer offer;
    try {
      offer = Offer.parse(value);
    } catch (MalformedOfferException e) {
      logger.debug("Offer of domain {} dropped", client, e);
      budget.violated(client);
      return false;
    }
    if (!offer.listenerProcess().equals(processes.ownNonce())) {
      return false;
    }
    Bound listener = bound.get(new ListenerPort(offer.kind(), offer.listenerPort()));
    if (listener == null) {
      logger.debug("Offer of domain {} dropped, nobody listens: {}", client, offer);
      return false;
    }
    listener.handler().offered(new IncomingOffer(node, client, offer));
    return true;
  }

  /**
   * A client offers memory that is mapped already. Called on the event loop of its former link.
   *
   * @param doorbells that loop's
   */
  void offeredAgain(ParkedMapping parked, Doorbells doorbells) {
    int client = parked.peerDomain();
    if (!budget.tryTake(client)) {
      logger.debug("Further offer of domain {} dropped: it makes too many", client);
      parked.release();
      return;
    }
    Offer offer;
    try {
      offer = parked.former().offerAgain(processes.ownNonce());
    } catch (MalformedOfferException e) {
      logger.debug("Further offer of domain {} dropped", client, e);
      budget.violated(client);
      budget.settled(client);
      parked.release();
      return;
    }
    IncomingOffer incoming = new IncomingOffer(node, client, offer, parked);
    Bound listener = bound.get(new ListenerPort(offer.kind(), offer.listenerPort()));
    if (listener == null) {
      incoming.refuse(doorbells, RefusalReason.NO_LISTENER);
    } else {
      listener.handler().offered(incoming);
    }
  }

  void close() {
    CompletableFuture<?>[] withdrawn =
        List.copyOf(bound.keySet()).stream().map(this::unbind).toArray(CompletableFuture<?>[]::new);
    try {
      await(CompletableFuture.allOf(withdrawn));
    } catch (IOException e) {
      logger.debug("Listeners could not be withdrawn", e);
    }
    synchronized (this) {
      if (offerWatch != null) {
        offerWatch.cancel();
        offerWatch = null;
      }
    }
  }

  static <T> T await(CompletableFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new XenException("XenStore: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new XenException("interrupted while waiting for XenStore", e);
    }
  }
}
