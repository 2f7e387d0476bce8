package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreOperations;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The records of this process's listeners in XenStore, beside those of the domain's other
 * processes. All methods may be called from any thread.
 */
final class ListenerNodes {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ListenerNodes.class);

  private final Xen xen;
  private final XenStore store;
  private final ProcessRegistry processes;
  private volatile boolean made;

  ListenerNodes(Xen xen, ProcessRegistry processes) {
    this.xen = xen;
    this.store = xen.xenStore();
    this.processes = processes;
  }

  /**
   * Makes the directory of listeners again, if there was one: clients watch it to learn of this
   * domain's death, also those whose listener is gone.
   */
  CompletableFuture<Void> makeDirectoryAgain() {
    return made ? store.transaction(this::makeDirectory) : CompletableFuture.completedFuture(null);
  }

  private CompletableFuture<Void> makeDirectory(XenStoreOperations transaction) {
    int ownDomain = xen.domainId();
    String all = StorePaths.listeners(ownDomain);
    return transaction
        .makeDirectory(all)
        .thenCompose(done -> transaction.setPermissions(all, Permission.list("r" + ownDomain)));
  }

  /** Writes a record. Fails with {@link BindException} where another process excludes it. */
  CompletableFuture<Void> announce(ListenerPort port, ListenerRecord listener) {
    made = true;
    return store.transaction(transaction -> announce(transaction, port, listener));
  }

  private CompletableFuture<Void> announce(
      XenStoreOperations transaction, ListenerPort port, ListenerRecord listener) {
    return ListenerSearch.records(transaction, xen.domainId(), port)
        .thenCompose(others -> removeDead(transaction, port, listener, others))
        .thenCompose(removed -> makeDirectory(transaction))
        .thenCompose(done -> transaction.write(path(port), listener.format()));
  }

  /**
   * Removes the records that dead processes left at a port, since clients cannot tell that they are
   * dead. Fails where a process that may live excludes the listener.
   */
  private CompletableFuture<Void> removeDead(
      XenStoreOperations transaction,
      ListenerPort port,
      ListenerRecord listener,
      Map<String, ListenerRecord> others) {
    List<CompletableFuture<Void>> removed = new ArrayList<>();
    for (Map.Entry<String, ListenerRecord> other : others.entrySet()) {
      String process = other.getKey();
      String path = StorePaths.listener(xen.domainId(), port, process);
      ProcessRegistry.State state = processes.state(process);
      if (state == ProcessRegistry.State.DEAD) {
        removed.add(Sweeper.ignoreMissing(transaction.remove(path)));
      } else if (!process.equals(processes.ownNonce())
          && other.getValue().conflictsWith(listener)) {
        return CompletableFuture.failedFuture(taken(port, owner(state, path)));
      }
    }
    return CompletableFuture.allOf(removed.toArray(CompletableFuture<?>[]::new));
  }

  private String owner(ProcessRegistry.State state, String path) {
    String owner = "another process of this domain";
    return state.isKnown()
        ? owner
        : owner
            + ", and whether it lives cannot be told: "
            + (state == ProcessRegistry.State.ELSEWHERE
                ? "its lock file is in another directory than "
                    + processes.directory()
                    + ", as in another container"
                : "this process may not open its lock file in " + processes.directory())
            + "; if it has ended, remove "
            + path
            + " with xenstore-rm";
  }

  /**
   * Returns the failure of a bind.
   *
   * @param owner who has the port
   */
  BindException taken(ListenerPort port, String owner) {
    return new BindException(
        "address already in use: "
            + port
            + " of domain "
            + xen.domainId()
            + " is bound by "
            + owner);
  }

  /** Removes a record; completes when XenStore knows, also where that failed. */
  CompletableFuture<Void> withdraw(ListenerPort port) {
    String all = StorePaths.listeners(xen.domainId(), port);
    return Sweeper.ignoreMissing(store.remove(path(port)))
        .thenCompose(removed -> Sweeper.removeIfEmpty(store, all))
        .exceptionally(
            failure -> {
              logger.debug("Listener at {} could not be withdrawn", port, failure);
              return null;
            });
  }

  private String path(ListenerPort port) {
    return StorePaths.listener(xen.domainId(), port, processes.ownNonce());
  }
}
