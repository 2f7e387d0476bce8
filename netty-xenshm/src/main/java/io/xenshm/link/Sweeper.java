package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStoreOperations;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Removes the nodes that processes of this domain left when they died: XenStore drops a dead
 * process's watches and transactions, but not its nodes.
 */
final class Sweeper {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Sweeper.class);
  private static final int NONCE_LENGTH = 16;

  private final XenStore store;
  private final int ownDomain;
  private final ProcessRegistry processes;
  private final Set<String> unknown = ConcurrentHashMap.newKeySet();

  Sweeper(XenStore store, int ownDomain, ProcessRegistry processes) {
    this.store = store;
    this.ownDomain = ownDomain;
    this.processes = processes;
  }

  /** Removes what is left of dead processes. */
  CompletableFuture<Void> sweep() {
    CompletableFuture<Void> listeners = sweepBelow(StorePaths.listeners(ownDomain), true);
    CompletableFuture<Void> offers = sweepBelow(StorePaths.offers(ownDomain), false);
    return CompletableFuture.allOf(listeners, offers, sweepGroup(StorePaths.processes(), false))
        .thenRun(this::tellOfUnknown);
  }

  private void tellOfUnknown() {
    if (!unknown.isEmpty()) {
      logger.info(
          "What these processes of domain {} wrote to XenStore stays, since it cannot be told whether"
              + " they live: they have their lock files in another directory than {}, as in another"
              + " container, or this process may not open them: {}",
          ownDomain,
          processes.directory(),
          unknown);
    }
  }

  private CompletableFuture<Void> sweepBelow(String root, boolean removeEmpty) {
    return children(store, root)
        .thenCompose(groups -> allOf(groups, group -> sweepGroup(root + '/' + group, removeEmpty)));
  }

  private CompletableFuture<Void> sweepGroup(String directory, boolean removeEmpty) {
    return children(store, directory)
        .thenCompose(
            names ->
                allOf(
                    names.stream().filter(this::isLeftBehind).toList(),
                    name -> ignoreMissing(store.remove(directory + '/' + name))))
        .thenCompose(
            done ->
                removeEmpty
                    ? removeIfEmpty(store, directory)
                    : CompletableFuture.completedFuture(null));
  }

  private boolean isLeftBehind(String name) {
    if (name.length() < NONCE_LENGTH) {
      return false;
    }
    String process = name.substring(0, NONCE_LENGTH);
    ProcessRegistry.State state = processes.state(process);
    if (!state.isKnown()) {
      unknown.add(process);
    }
    return state == ProcessRegistry.State.DEAD;
  }

  /** Removes a directory that has no children, unless another process adds one at the same time. */
  static CompletableFuture<Void> removeIfEmpty(XenStore store, String directory) {
    return store.transaction(
        transaction ->
            children(transaction, directory)
                .thenCompose(
                    names ->
                        names.isEmpty()
                            ? ignoreMissing(transaction.remove(directory))
                            : CompletableFuture.completedFuture(null)));
  }

  /** Lists a directory; one that is missing has no children. */
  static CompletableFuture<List<String>> children(XenStoreOperations store, String directory) {
    return store
        .list(directory)
        .exceptionallyCompose(
            failure ->
                PeerWatches.isMissing(failure)
                    ? CompletableFuture.completedFuture(List.of())
                    : CompletableFuture.failedFuture(failure));
  }

  static CompletableFuture<Void> ignoreMissing(CompletableFuture<Void> operation) {
    return operation.exceptionallyCompose(
        failure ->
            PeerWatches.isMissing(failure)
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.failedFuture(failure));
  }

  private static CompletableFuture<Void> allOf(
      List<String> names, Function<String, CompletableFuture<Void>> action) {
    return CompletableFuture.allOf(names.stream().map(action).toArray(CompletableFuture<?>[]::new));
  }
}
