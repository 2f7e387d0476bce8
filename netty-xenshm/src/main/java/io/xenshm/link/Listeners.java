package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The listeners of this process, announced in XenStore. All methods may be called from any thread,
 * and none waits for XenStore but those that say so.
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
  private final ListenerNodes nodes;
  private final OfferBudget budget;
  private CompletableFuture<Watch> offerWatch; // this

  Listeners(LinkNode node, ProcessRegistry processes, OfferBudget budget) {
    this.node = node;
    this.xen = node.xen();
    this.store = xen.xenStore();
    this.processes = processes;
    this.nodes = new ListenerNodes(xen, processes);
    this.budget = budget;
  }

  /**
   * Announces a listener for streams that is reached by domain number.
   *
   * @param port 1 to 65535, or 0 for one that is free
   * @return the port. Fails with {@link BindException} if the port is taken in this domain, and
   *     with another {@link IOException} if XenStore refuses or does not answer
   */
  public CompletableFuture<Integer> bind(int port, OfferHandler handler) {
    Bound listener = new Bound(ListenerRecord.byDomain(LinkKind.STREAM), handler);
    if (port != 0) {
      return claim(new ListenerPort(LinkKind.STREAM, port), listener).thenApply(done -> port);
    }
    CompletableFuture<Integer> result = new CompletableFuture<>();
    claimFree(listener, ThreadLocalRandom.current().nextInt(EPHEMERAL_PORTS), 0, result);
    return result;
  }

  /** Goes on after {@code tried} ports from {@code start}. */
  private void claimFree(Bound listener, int start, int tried, CompletableFuture<Integer> result) {
    for (int i = tried; i < EPHEMERAL_PORTS; i++) {
      int candidate = FIRST_EPHEMERAL_PORT + (start + i) % EPHEMERAL_PORTS;
      ListenerPort port = new ListenerPort(LinkKind.STREAM, candidate);
      if (!bound.containsKey(port)) {
        int next = i + 1;
        claim(port, listener)
            .whenComplete(
                (done, failure) -> {
                  if (failure == null) {
                    result.complete(candidate);
                  } else if (cause(failure) instanceof BindException) {
                    logger.debug("Port {} is taken, the next is tried", candidate);
                    claimFree(listener, start, next, result);
                  } else {
                    result.completeExceptionally(cause(failure));
                  }
                });
        return;
      }
    }
    result.completeExceptionally(
        new BindException(
            "all of the "
                + EPHEMERAL_PORTS
                + " ports from "
                + FIRST_EPHEMERAL_PORT
                + " are bound in domain "
                + xen.domainId()));
  }

  /**
   * Announces a listener that is reached by an address.
   *
   * @param kind what it takes
   * @param address an address of this domain, or the wildcard, and a port from 1 to 65535
   * @return completes when clients can find it. Fails with {@link BindException} if the port is
   *     taken in this domain, at this address or in this process, and with another {@link
   *     IOException} if XenStore refuses or does not answer
   */
  public CompletableFuture<Void> bind(
      LinkKind kind, InetSocketAddress address, OfferHandler handler) {
    return claim(
        new ListenerPort(kind, address.getPort()),
        new Bound(ListenerRecord.at(kind, address.getAddress()), handler));
  }

  private CompletableFuture<Void> claim(ListenerPort port, Bound listener) {
    if (bound.putIfAbsent(port, listener) != null) {
      return CompletableFuture.failedFuture(nodes.taken(port, "this process"));
    }
    return CompletableFuture.allOf(watching(), node.ready())
        .thenCompose(ready -> publish(port, listener))
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                bound.remove(port, listener);
                if (!(cause(failure) instanceof BindException) && !bound.containsKey(port)) {
                  nodes.withdraw(port); // XenStore may still do what it gave no answer to
                }
              }
            });
  }

  private CompletableFuture<Void> publish(ListenerPort port, Bound listener) {
    return nodes
        .announce(port, listener.listener())
        .thenCompose(done -> unlessChanged(port, listener));
  }

  /** A listener may have been unbound before it was announced, and another one bound. */
  private CompletableFuture<Void> unlessChanged(ListenerPort port, Bound listener) {
    Bound now = bound.get(port);
    if (listener.equals(now)) {
      return CompletableFuture.completedFuture(null);
    }
    return now == null ? nodes.withdraw(port) : publish(port, now);
  }

  /**
   * Says whether a bind failed since XenStore is away for now: it did not answer, or there is no
   * connection.
   */
  public static boolean isPassing(Throwable failure) {
    return Witness.isPassing(cause(failure));
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** A listener that is announced. */
  private record Bound(ListenerRecord listener, OfferHandler handler) {}

  /**
   * Announces all listeners again, for a XenStore that knows nothing of them. Waits for it. One
   * whose port another process took meanwhile stays unannounced.
   */
  void announceAgain() throws IOException {
    await(nodes.makeDirectoryAgain());
    for (Map.Entry<ListenerPort, Bound> entry : bound.entrySet()) {
      try {
        await(publish(entry.getKey(), entry.getValue()));
      } catch (BindException e) {
        logger.warn("A listener is reached by shared memory no more", e);
      }
    }
  }

  /**
   * Withdraws a listener, also one whose bind is under way. Its port can be bound again at once.
   * Does nothing where the port is not bound, or is another listener's.
   *
   * @param handler the one that it was bound with
   * @return completes when XenStore knows
   */
  public CompletableFuture<Void> unbind(LinkKind kind, int port, OfferHandler handler) {
    ListenerPort place = new ListenerPort(kind, port);
    Bound listener = bound.get(place);
    return listener != null && listener.handler().equals(handler)
        ? unbind(place, listener)
        : CompletableFuture.completedFuture(null);
  }

  private CompletableFuture<Void> unbind(ListenerPort port, Bound listener) {
    return bound.remove(port, listener)
        ? nodes.withdraw(port)
        : CompletableFuture.completedFuture(null);
  }

  /** Completes when offers are noticed. */
  private synchronized CompletableFuture<Watch> watching() {
    if (offerWatch == null || offerWatch.isCompletedExceptionally()) {
      offerWatch = store.watch(StorePaths.ALL_DOMAINS, this::changed);
    }
    return offerWatch;
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
        Map.copyOf(bound).entrySet().stream()
            .map(entry -> unbind(entry.getKey(), entry.getValue()))
            .toArray(CompletableFuture<?>[]::new);
    try {
      await(CompletableFuture.allOf(withdrawn));
    } catch (IOException e) {
      logger.debug("Listeners could not be withdrawn", e);
    }
    synchronized (this) {
      if (offerWatch != null) {
        offerWatch.thenCompose(Watch::cancel);
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
