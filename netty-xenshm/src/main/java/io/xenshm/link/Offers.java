package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * This process's offers in XenStore. All methods may be called from any thread.
 *
 * <p>The directory of offers to a server is made once, readable by that server; offers in it
 * inherit its permissions. So an offer costs one WRITE.
 */
final class Offers {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Offers.class);

  private final XenStore store;
  private final Xen xen;
  private final String process;
  private final AtomicInteger serial = new AtomicInteger();
  private final Map<Integer, CompletableFuture<Void>> directories = new ConcurrentHashMap<>();

  Offers(Xen xen, String process) {
    this.xen = xen;
    store = xen.xenStore();
    this.process = process;
  }

  /** Writes an offer; completes with its path. */
  CompletableFuture<String> publish(int serverDomain, Offer offer) {
    String path =
        StorePaths.offer(
            xen.domainId(), serverDomain, process, serial.getAndIncrement() & 0x7fffffff);
    return directory(serverDomain)
        .thenCompose(ready -> store.write(path, offer.format()))
        .thenApply(done -> path);
  }

  /** Removes an offer that is settled. */
  void remove(String path) {
    store
        .remove(path)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                logger.debug("Offer {} could not be removed", path, failure);
              }
            });
  }

  /** The directories are gone, and so is what they were for. */
  void forgetDirectories() {
    directories.clear();
  }

  /** Makes the directories again that there were: their servers take their absence for a death. */
  void makeDirectoriesAgain() throws IOException {
    for (Integer serverDomain : List.copyOf(directories.keySet())) {
      directories.remove(serverDomain);
      Listeners.await(directory(serverDomain));
    }
  }

  private CompletableFuture<Void> directory(int serverDomain) {
    CompletableFuture<Void> directory =
        directories.computeIfAbsent(serverDomain, this::makeDirectory);
    if (directory.isCompletedExceptionally()) {
      directories.remove(serverDomain, directory);
    }
    return directory;
  }

  private CompletableFuture<Void> makeDirectory(int serverDomain) {
    int ownDomain = xen.domainId();
    String path = StorePaths.offers(ownDomain, serverDomain);
    return store.transaction(
        transaction ->
            transaction
                .makeDirectory(path)
                .thenCompose(
                    made ->
                        transaction.setPermissions(
                            path, Permission.list("n" + ownDomain, "r" + serverDomain))));
  }
}
