package io.xenshm.directory;

import io.netty.util.internal.logging.InternalLogLevel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * A local copy of the table in XenStore, kept current by one watch, with the explicit entries and,
 * if wanted, the neighbour table beside it. What XenStore did not answer is asked again at a lookup
 * a second later or more; the lookup itself answers from what there is.
 */
final class StorePeerDirectory implements PeerDirectory {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(StorePeerDirectory.class);
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final PeerLookup NOTHING = new PeerLookup(Outcome.NOT_CO_RESIDENT, null);

  private final XenStore store;
  private final int ownDomain;
  private final ExplicitPeers explicit;
  private final Neighbours neighbours;
  private final LiveDomains live;
  private final CompletableFuture<Void> firstRead = new CompletableFuture<>();
  private final Object lock = new Object();

  /** What was read last; null before that. */
  private volatile Optional<PeerTable> copy;

  private volatile boolean stale;
  private volatile boolean closed;
  private CompletableFuture<Watch> watch; // lock
  private boolean reading; // lock
  private boolean changedMeanwhile; // lock
  private boolean warned; // lock
  private long triedAt; // lock

  /**
   * Creates it; {@link #start()} begins.
   *
   * @param neighbours {@code null} where the neighbour table is not to be used
   */
  StorePeerDirectory(XenStore store, int ownDomain, ExplicitPeers explicit, Neighbours neighbours) {
    this.store = store;
    this.ownDomain = ownDomain;
    this.explicit = explicit;
    this.neighbours = neighbours;
    this.live = new LiveDomains(store);
  }

  void start() {
    CompletableFuture<Watch> registered;
    synchronized (lock) {
      triedAt = System.nanoTime();
      // It fires at registration: that is the first read.
      registered = store.watch(PeerNodes.ROOT, path -> read());
      watch = registered;
    }
    registered.whenComplete(
        (ok, failure) -> {
          if (failure != null) {
            notWatched(failure);
            stale = true;
            firstRead.complete(null);
          }
        });
  }

  private void notWatched(Throwable failure) {
    boolean first;
    synchronized (lock) {
      watch = null;
      first = !warned;
      warned = true;
    }
    logger.log(
        first ? InternalLogLevel.WARN : InternalLogLevel.DEBUG,
        "The table of peers cannot be watched, TCP is used meanwhile: {}",
        failure.getMessage());
  }

  private void read() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      if (reading) {
        changedMeanwhile = true;
        return;
      }
      reading = true;
      triedAt = System.nanoTime();
    }
    PeerTable.read(store, ownDomain).whenComplete(this::wasRead);
  }

  private void wasRead(Optional<PeerTable> table, Throwable failure) {
    if (failure == null) {
      copy = table;
      live.retain(
          domain -> explicit.contains(domain) || table.filter(t -> t.contains(domain)).isPresent());
    } else {
      logger.debug("The table of peers could not be read", failure);
    }
    stale = failure != null;
    boolean again;
    synchronized (lock) {
      reading = false;
      again = changedMeanwhile;
      changedMeanwhile = false;
    }
    firstRead.complete(null);
    if (again) {
      read();
    }
  }

  private void retryIfStale() {
    boolean unwatched;
    synchronized (lock) {
      if (!stale || reading || System.nanoTime() - triedAt < RETRY_NANOS) {
        return;
      }
      unwatched = watch == null;
    }
    if (unwatched) {
      stale = false;
      start();
    } else {
      read();
    }
  }

  @Override
  public CompletionStage<PeerLookup> lookup(InetAddress address) {
    if (closed) {
      return CompletableFuture.completedFuture(NOTHING);
    }
    if (stale) {
      retryIfStale();
    }
    if (firstRead.isDone() || explicit.domainOf(address) != null) {
      return CompletableFuture.completedFuture(find(address));
    }
    return firstRead.thenApply(done -> find(address));
  }

  private PeerLookup find(InetAddress address) {
    if (closed) {
      return NOTHING;
    }
    Integer domain = explicit.domainOf(address);
    if (domain != null) {
      return domain == ownDomain
          ? new PeerLookup(Outcome.OWN_DOMAIN, null)
          : unlessGone(new PeerLookup(Outcome.CO_RESIDENT, new Peer(domain, "", "", "")));
    }
    Optional<PeerTable> table = copy;
    if (table == null) {
      return new PeerLookup(Outcome.UNKNOWN, null);
    }
    if (table.isEmpty()) {
      return explicit.isEmpty() ? new PeerLookup(Outcome.NO_TABLE, null) : NOTHING;
    }
    PeerLookup found = table.get().lookup(address);
    if (found.outcome() == Outcome.NOT_CO_RESIDENT && neighbours != null) {
      String mac = neighbours.macOf(address);
      found = mac == null ? found : table.get().lookupMac(mac);
    }
    return unlessGone(found);
  }

  private PeerLookup unlessGone(PeerLookup found) {
    return found.outcome() == Outcome.CO_RESIDENT && live.isGone(found.peer().domainId())
        ? NOTHING
        : found;
  }

  @Override
  public InetAddress addressOf(int domainId) {
    InetAddress address = explicit.addressOf(domainId);
    Optional<PeerTable> table = copy;
    if (address != null || closed || table == null || table.isEmpty()) {
      return closed ? null : address;
    }
    address = table.get().addressOf(domainId);
    if (address == null && neighbours != null) {
      address = neighbourAddressOf(table.get(), domainId);
    }
    return address;
  }

  @Override
  public Peer peer(int domainId) {
    Optional<PeerTable> table = copy;
    return closed || table == null || table.isEmpty() ? null : table.get().peer(domainId);
  }

  @Override
  public CompletionStage<Void> firstRead() {
    return firstRead;
  }

  /** Not where the table says that the address is another domain's: what dom0 wrote goes first. */
  private InetAddress neighbourAddressOf(PeerTable table, int domainId) {
    return table.entries().stream()
        .filter(entry -> entry.domainId() == domainId && !entry.mac().isEmpty())
        .flatMap(entry -> neighbours.addressesOf(entry.mac()).stream())
        .filter(
            address ->
                explicit.domainOf(address) == null
                    && table.lookup(address).outcome() == Outcome.NOT_CO_RESIDENT)
        .findFirst()
        .orElse(null);
  }

  @Override
  public void close() {
    CompletableFuture<Watch> registered;
    synchronized (lock) {
      closed = true;
      registered = watch;
    }
    if (registered != null) {
      registered.thenAccept(Watch::cancel);
    }
    live.close();
    firstRead.complete(null);
  }
}
