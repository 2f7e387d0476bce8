package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Notices that a peer's domain is gone: no event channel tells, but a node that the peer made
 * readable disappears with it. One watch serves all links to a domain, since watches are a scarce
 * quota. The same watch tells of changes to the peer's listeners, which are remembered meanwhile.
 *
 * <p>A few watches outlive the last link: the next one to that domain is quicker.
 *
 * <p>All methods may be called from any thread.
 */
final class PeerWatches {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(PeerWatches.class);

  /** Watches that are kept although no link needs them. */
  static final int MAX_IDLE = 2;

  private static final long RETRY_MILLIS = 500;

  private final XenStore store;
  private final Xen xen;
  private final Witness witness;
  private final IntConsumer onGone;
  private final ArrayDeque<Directory> idle = new ArrayDeque<>(); // directories
  private final Map<String, Directory> directories = new HashMap<>();
  private boolean closed; // directories

  /**
   * Creates it.
   *
   * @param witness tells a domain that is gone from a XenStore that lost its contents
   * @param onGone is told, on any thread, of each domain that is gone
   */
  PeerWatches(Xen xen, Witness witness, IntConsumer onGone) {
    this.xen = xen;
    this.witness = witness;
    store = xen.xenStore();
    this.onGone = onGone;
  }

  /**
   * Runs {@code gone} on {@code loop} when the peer's domain is gone.
   *
   * @param ownRole this domain's role in the link: a client watches the server's listeners, a
   *     server the client's offers
   */
  PeerWatch watch(int peerDomain, Role ownRole, Executor loop, Runnable gone) {
    String path =
        ownRole == Role.CLIENT
            ? StorePaths.listeners(peerDomain)
            : StorePaths.offers(peerDomain, xen.domainId());
    Entry entry = new Entry(loop, gone);
    synchronized (directories) {
      Directory directory =
          directories.computeIfAbsent(path, key -> new Directory(path, peerDomain));
      directory.entries.add(entry);
      idle.remove(directory);
      directory.start();
      return () -> cancel(directory, entry);
    }
  }

  /** Returns whether a link depends on a domain. */
  boolean hasLinks(int peerDomain) {
    synchronized (directories) {
      return directories.values().stream()
          .anyMatch(
              directory -> directory.peerDomain == peerDomain && !directory.entries.isEmpty());
    }
  }

  /** This domain was resumed: the domains that it knew are others', or gone. */
  void forgetAll() {
    List<Directory> forgotten;
    synchronized (directories) {
      forgotten = new ArrayList<>(directories.values());
      directories.clear();
      idle.clear();
    }
    forgotten.forEach(Directory::stop);
  }

  /** XenStore began a new life: notes which peers' nodes are there already. */
  void lookAgain() {
    List<Directory> all;
    synchronized (directories) {
      all = new ArrayList<>(directories.values());
    }
    all.forEach(Directory::look);
  }

  private void cancel(Directory directory, Entry entry) {
    synchronized (directories) {
      directory.entries.remove(entry);
      if (!directory.entries.isEmpty() || directories.get(directory.path) != directory) {
        return;
      }
      idle.add(directory);
      while (idle.size() > MAX_IDLE || (closed && !idle.isEmpty())) {
        Directory oldest = idle.remove();
        directories.remove(oldest.path);
        oldest.stop();
      }
    }
  }

  /** Returns the records of the listeners at a port, by process. */
  CompletableFuture<Map<String, ListenerRecord>> listeners(int domain, ListenerPort port) {
    ListenerCache cache = null;
    synchronized (directories) {
      Directory directory = directories.get(StorePaths.listeners(domain));
      if (directory != null && directory.isWatched()) {
        cache = directory.listeners;
      }
    }
    // without XenStore nothing tells of changes, and an offer would reach nobody
    if (cache == null || !store.isConnected()) {
      return ListenerSearch.records(store, domain, port);
    }
    Map<String, ListenerRecord> known = cache.get(port);
    return known == null ? readInto(cache, domain, port) : CompletableFuture.completedFuture(known);
  }

  private CompletableFuture<Map<String, ListenerRecord>> readInto(
      ListenerCache cache, int domain, ListenerPort port) {
    int changes = cache.changes();
    return ListenerSearch.records(store, domain, port)
        .thenApply(
            records -> {
              cache.put(port, records, changes);
              return records;
            });
  }

  /** Gives up the watches that no link needs, now and later. Waits until XenStore knows. */
  void close() {
    List<CompletableFuture<Void>> stopped = new ArrayList<>();
    synchronized (directories) {
      closed = true;
      for (Directory directory : idle) {
        directories.remove(directory.path);
        stopped.add(directory.stopping());
      }
      idle.clear();
    }
    try {
      CompletableFuture.allOf(stopped.toArray(CompletableFuture<?>[]::new)).join();
    } catch (CompletionException e) {
      logger.debug("Watches could not be given up", e);
    }
  }

  private record Entry(Executor loop, Runnable gone) {
    void fire() {
      try {
        loop.execute(gone);
      } catch (RejectedExecutionException e) {
        logger.debug("The event loop of a link to a vanished domain has ended", e);
      }
    }
  }

  /** A node whose disappearance tells that its domain is gone, and the links that depend on it. */
  private final class Directory {
    private final String path;
    private final int peerDomain;
    private final Set<Entry> entries = new LinkedHashSet<>();
    private final ListenerCache listeners = new ListenerCache();
    private CompletableFuture<Watch> watch;

    /** The latest connection to XenStore through which the node was seen. */
    private volatile int seenBy = store.connection();

    Directory(String path, int peerDomain) {
      this.path = path;
      this.peerDomain = peerDomain;
    }

    void start() {
      if (watch == null) {
        watch = store.watch(path, this::changed);
        watch.whenComplete(
            (registered, failure) -> {
              if (Witness.isPassing(failure)) {
                CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(this::startAgain);
              } else if (failure != null) {
                logger.warn(
                    "The death of domain {} will not be noticed: no watch on {}",
                    peerDomain,
                    path,
                    failure);
              }
            });
      }
    }

    /** XenStore was away when the watch was to be registered. */
    private void startAgain() {
      synchronized (directories) {
        if (directories.get(path) == this) {
          watch = null;
          start();
        }
      }
    }

    boolean isWatched() {
      return watch.isDone() && !watch.isCompletedExceptionally();
    }

    void stop() {
      watch.thenAccept(Watch::cancel);
    }

    /** Stops; completes when XenStore knows. */
    CompletableFuture<Void> stopping() {
      return watch.thenCompose(Watch::cancel);
    }

    /** Looks only when the node itself changed: offers come and go below it. */
    private void changed(String changedPath) {
      listeners.changed();
      if (path.startsWith(changedPath)) {
        look();
      }
    }

    private void look() {
      int connection = store.connection();
      store.read(path).whenComplete((value, failure) -> readResult(failure, connection));
    }

    /** What was not there in this life of XenStore's tells nothing by being missing. */
    private void readResult(Throwable failure, int connection) {
      if (failure == null) {
        seenBy = connection;
      } else if (isMissing(failure)) {
        witness
            .isStillAsOf(seenBy)
            .thenAccept(
                still -> {
                  if (still) {
                    peerIsGone();
                  }
                });
      }
    }

    private void peerIsGone() {
      List<Entry> told;
      synchronized (directories) {
        told = new ArrayList<>(entries);
        entries.clear();
        directories.remove(path, this);
        idle.remove(this);
      }
      stop();
      onGone.accept(peerDomain);
      told.forEach(Entry::fire);
    }
  }

  /** The C daemon says EACCES for a missing node below a directory that is not ours to read. */
  static boolean isMissing(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof XenStoreException e
        && (e.code() == Code.ENOENT || e.code() == Code.EACCES);
  }
}
