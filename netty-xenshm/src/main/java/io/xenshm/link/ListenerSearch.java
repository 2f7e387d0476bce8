package io.xenshm.link;

import io.xenshm.link.NoLinkException.Reason;
import io.xenshm.xen.XenStoreOperations;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Finds listeners in XenStore, of this domain and of others. */
final class ListenerSearch {
  /** More listeners of one port than that are not looked at. */
  static final int MAX_PROCESSES = 16;

  private ListenerSearch() {}

  /**
   * Finds who listens: completes with the nonce of the listening process, or fails with a {@link
   * NoLinkException}.
   *
   * @param answers tells which of several to take
   */
  static CompletableFuture<String> find(
      PeerWatches peers, ListenerAnswers answers, LinkTarget target) {
    return peers
        .listeners(target.domain(), new ListenerPort(target.kind(), target.port()))
        .thenCompose(found -> choose(found, answers, target));
  }

  private static CompletableFuture<String> choose(
      Map<String, ListenerRecord> found, ListenerAnswers answers, LinkTarget target) {
    List<String> candidates = new ArrayList<>();
    boolean otherVersion = false;
    for (Map.Entry<String, ListenerRecord> listener : found.entrySet()) {
      if (listener.getValue().listensAt(target.address())) {
        if (listener.getValue().speaksOurVersion()) {
          candidates.add(listener.getKey());
        } else {
          otherVersion = true;
        }
      }
    }
    if (!candidates.isEmpty()) {
      return CompletableFuture.completedFuture(answers.best(target.domain(), candidates));
    }
    return CompletableFuture.failedFuture(
        otherVersion
            ? new NoLinkException(
                Reason.VERSION_MISMATCH,
                "the listener at "
                    + target.kind().text
                    + " port "
                    + target.port()
                    + " of domain "
                    + target.domain()
                    + " speaks another version")
            : new NoLinkException(
                Reason.NO_LISTENER,
                "connection refused: domain "
                    + target.domain()
                    + " has no listener at "
                    + target.kind().text
                    + " port "
                    + target.port()));
  }

  /** Reads the records of a port's listeners, by process; what is no record is left out. */
  static CompletableFuture<Map<String, ListenerRecord>> records(
      XenStoreOperations store, int domain, ListenerPort port) {
    return Sweeper.children(store, StorePaths.listeners(domain, port))
        .thenCompose(
            processes -> {
              Map<String, ListenerRecord> records = new ConcurrentHashMap<>();
              CompletableFuture<?>[] reads =
                  processes.stream()
                      .filter(Nonces::isNonce)
                      .limit(MAX_PROCESSES)
                      .map(process -> read(store, domain, port, process, records))
                      .toArray(CompletableFuture<?>[]::new);
              return CompletableFuture.allOf(reads).thenApply(done -> records);
            });
  }

  private static CompletableFuture<Void> read(
      XenStoreOperations store,
      int domain,
      ListenerPort port,
      String process,
      Map<String, ListenerRecord> records) {
    return Sweeper.ignoreMissing(
        store
            .read(StorePaths.listener(domain, port, process))
            .thenAccept(
                value -> {
                  ListenerRecord listener = ListenerRecord.parse(value);
                  if (listener != null && listener.kind() == port.kind()) {
                    records.put(process, listener);
                  }
                }));
  }
}
