package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.XenStoreOperations;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/**
 * This process's offers in XenStore. All methods may be called from any thread.
 *
 * <p>The directory of offers to a server is made once, readable by that server; offers in it
 * inherit its permissions. So an offer costs one WRITE. A directory outlives its server: each guest
 * that starts again has a new number, and a domain may own a thousand nodes only. So directories
 * that nobody reads any more are removed.
 */
final class Offers {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Offers.class);

  /** More servers' processes than that are not remembered; the next offers cost one step more. */
  private static final int MAX_SERVERS = 1024;

  private final XenStore store;
  private final Xen xen;
  private final String process;
  private final AtomicInteger serial = new AtomicInteger();
  private final Map<Integer, Directory> directories = new ConcurrentHashMap<>();

  /** Processes that offers were made to, and that can read them. */
  private final Set<String> servers = ConcurrentHashMap.newKeySet();

  /**
   * A directory that is made.
   *
   * @param connection the connection to XenStore through which it was; by another it may be gone
   */
  private record Directory(int connection, CompletableFuture<Void> made) {}

  Offers(Xen xen, String process) {
    this.xen = xen;
    store = xen.xenStore();
    this.process = process;
  }

  /** Writes an offer. */
  Published publish(int serverDomain, Offer offer) {
    String path =
        StorePaths.offer(
            xen.domainId(), serverDomain, process, serial.getAndIncrement() & 0x7fffffff);
    if (isNew(offer.listenerProcess())) {
      directories.remove(serverDomain);
    }
    return new Published(
        path, directory(serverDomain).thenCompose(ready -> store.write(path, offer.format())));
  }

  /** An offer that was written, or is being written. */
  final class Published {
    private final String path;
    private final CompletableFuture<Void> written;

    private Published(String path, CompletableFuture<Void> written) {
      this.path = path;
      this.written = written;
    }

    /** Completes when XenStore has the offer. */
    CompletableFuture<Void> written() {
      return written;
    }

    /** Removes the offer, which is settled: once it is there. */
    void remove() {
      written.whenComplete(
          (done, failed) ->
              store
                  .remove(path)
                  .whenComplete(
                      (removed, failure) -> {
                        if (failure != null) {
                          logger.debug("Offer {} could not be removed", path, failure);
                        }
                      }));
    }
  }

  /**
   * A domain seems to be gone: completes with whether XenStore says so too, which a domain that
   * only removed its nodes cannot bring about. Its directory is removed then. A domain that is gone
   * stays known to XenStore while this one maps pages of it. Completes with false, too, where there
   * is no directory for the domain, and where offers in it are still to be removed.
   */
  CompletableFuture<Boolean> forget(int serverDomain) {
    directories.remove(serverDomain);
    return removeIfDeserted(StorePaths.offers(xen.domainId()), Integer.toString(serverDomain));
  }

  private void removeDeserted() {
    String root = StorePaths.offers(xen.domainId());
    Sweeper.children(store, root)
        .thenAccept(servers -> servers.forEach(server -> removeIfDeserted(root, server)))
        .whenComplete(Offers::logFailure);
  }

  /**
   * A new domain may have the number, and another process of this one may make offers to it: hence
   * the transaction. It fails where the directory is to stay, so that nothing of it is done.
   */
  private CompletableFuture<Boolean> removeIfDeserted(String root, String server) {
    String directory = root + '/' + server;
    return store
        .transaction(
            transaction ->
                requireDeserted(transaction, directory, server)
                    .thenCompose(deserted -> transaction.list(directory))
                    .thenCompose(offers -> removeEmpty(transaction, directory, offers)))
        .whenComplete(Offers::logFailure)
        .handle((removed, failure) -> failure == null);
  }

  /** oxenstored takes away the permission of a domain that is gone; the C daemon still shows it. */
  private static CompletableFuture<Void> requireDeserted(
      XenStoreOperations transaction, String directory, String server) {
    return transaction
        .permissions(directory)
        .thenCompose(
            permissions ->
                permissions.stream()
                        .noneMatch(each -> Integer.toString(each.domainId()).equals(server))
                    ? CompletableFuture.completedFuture(null)
                    : requireUnknown(transaction, directory, server));
  }

  /**
   * The C daemon looks for a node's new owner before it asks whether the node may be given away
   * (tools/xenstore/xenstored_core.c, {@code do_set_perms}): ENOENT is the answer for a domain that
   * the hypervisor does not know.
   */
  private static CompletableFuture<Void> requireUnknown(
      XenStoreOperations transaction, String directory, String server) {
    return transaction
        .setPermissions(directory, Permission.list("n" + server))
        .handle(
            (given, failure) -> {
              Throwable cause =
                  failure instanceof CompletionException ? failure.getCause() : failure;
              if (cause instanceof XenStoreException refused && refused.code() == Code.ENOENT) {
                return null;
              }
              throw new CompletionException(
                  "domain " + server + " is not gone, as far as XenStore says", failure);
            });
  }

  /** Removing the directory would take away an offer that another process made meanwhile. */
  private static CompletableFuture<Void> removeEmpty(
      XenStoreOperations transaction, String directory, List<String> offers) {
    return offers.isEmpty()
        ? transaction.remove(directory)
        : CompletableFuture.failedFuture(
            new IOException(offers.size() + " offers are in " + directory + " still"));
  }

  private static void logFailure(Object done, Throwable failure) {
    if (failure != null && !PeerWatches.isMissing(failure)) {
      logger.debug("A directory of offers to a domain stays", failure);
    }
  }

  /** The directories are gone, and so is what they were for. */
  void forgetDirectories() {
    directories.clear();
  }

  /**
   * Makes the directories again that there were for servers with a link: those take their absence
   * for a death. Other servers may be gone, and get theirs with the next offer.
   */
  void makeDirectoriesAgain(IntPredicate isLinked) throws IOException {
    for (Integer serverDomain : List.copyOf(directories.keySet())) {
      directories.remove(serverDomain);
      if (isLinked.test(serverDomain)) {
        Listeners.await(directory(serverDomain));
      }
    }
  }

  /**
   * A process that is new may be one of a new guest with the number of one that is gone: the daemon
   * took the old one's permission away, and the new one could not read its offers.
   */
  private boolean isNew(String server) {
    if (servers.size() >= MAX_SERVERS) {
      servers.clear();
    }
    return servers.add(server);
  }

  private CompletableFuture<Void> directory(int serverDomain) {
    int connection = store.connection();
    return directories.compute(
            serverDomain,
            (server, known) ->
                known == null
                        || known.connection != connection
                        || known.made.isCompletedExceptionally()
                    ? new Directory(connection, makeDirectory(server))
                    : known)
        .made;
  }

  private CompletableFuture<Void> makeDirectory(int serverDomain) {
    int ownDomain = xen.domainId();
    String path = StorePaths.offers(ownDomain, serverDomain);
    CompletableFuture<Void> ready =
        store.transaction(
            transaction ->
                transaction
                    .makeDirectory(path)
                    .thenCompose(
                        made ->
                            transaction.setPermissions(
                                path, Permission.list("n" + ownDomain, "r" + serverDomain))));
    ready.thenRun(this::removeDeserted); // behind the directory: the offer does not wait for it
    return ready;
  }
}
