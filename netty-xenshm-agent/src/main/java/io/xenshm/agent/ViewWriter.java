package io.xenshm.agent;

import io.xenshm.directory.PeerEntry;
import io.xenshm.directory.PeerNodes;
import io.xenshm.directory.StoreReads;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreOperations;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * Writes the guests' views: of each only what changed, in one transaction. What is there is
 * remembered, and read where it is not known. For one thread, that waits for the futures.
 */
final class ViewWriter {
  /** Bytes of the names in a directory; a guest cannot list more than a frame from oxenstored. */
  static final int MAX_NAMES = 3800;

  private final XenStore store;
  private final Map<Integer, SortedMap<String, String>> written = new HashMap<>();

  ViewWriter(XenStore store) {
    this.store = store;
  }

  /** Forgets what is there: it is read at the next write. */
  void forgetAll() {
    written.clear();
  }

  /** Forgets the domains that are gone. */
  void retain(Set<Integer> domains) {
    written.keySet().retainAll(domains);
  }

  /**
   * Makes a domain's view say the entries.
   *
   * @return whether something was written; nothing is if the domain is gone
   */
  CompletableFuture<Boolean> write(int domainId, List<PeerEntry> entries) {
    SortedMap<String, String> wanted = nodes(entries);
    SortedMap<String, String> known = written.get(domainId);
    if (wanted.equals(known)) {
      return CompletableFuture.completedFuture(false);
    }
    // Until the transaction is through, what is there is not known.
    written.remove(domainId);
    return store
        .transaction(transaction -> write(transaction, domainId, known, wanted))
        .thenApply(
            changed -> {
              written.put(domainId, wanted);
              return changed;
            });
  }

  /**
   * Removes a domain's view.
   *
   * @return completes when it is gone
   */
  CompletableFuture<Void> remove(int domainId) {
    written.remove(domainId);
    return store
        .remove(PeerNodes.root(domainId))
        .exceptionallyCompose(
            failure ->
                StoreReads.isMissing(failure)
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(failure));
  }

  /** Returns the nodes below the view's directory, with their values. */
  static SortedMap<String, String> nodes(List<PeerEntry> entries) {
    SortedMap<String, String> nodes = new TreeMap<>();
    Map<String, Integer> sizes = new HashMap<>();
    for (PeerEntry entry : entries.stream().sorted(PeerEntry.ORDER).toList()) {
      String network = PeerNodes.networkNode(entry.network());
      String name = PeerNodes.entryNode(entry);
      int size = sizes.merge(network, name.length() + 1, Integer::sum);
      int part = 1 + size / MAX_NAMES;
      nodes.put(network + (part == 1 ? "" : "@" + part) + '/' + name, PeerNodes.value(entry));
    }
    return nodes;
  }

  private static CompletableFuture<Boolean> write(
      XenStoreOperations transaction,
      int domainId,
      SortedMap<String, String> known,
      SortedMap<String, String> wanted) {
    String domain = "/local/domain/" + domainId;
    // A write would make the directory of a domain that is gone again.
    return transaction
        .permissions(domain)
        .thenCompose(
            there ->
                known == null
                    ? prepare(transaction, domainId).thenCompose(ok -> read(transaction, domainId))
                    : CompletableFuture.completedFuture(known))
        .thenCompose(present -> change(transaction, domainId, present, wanted))
        .exceptionallyCompose(
            failure ->
                StoreReads.isMissing(failure)
                    ? transaction
                        .permissions(domain)
                        .handle((there, gone) -> gone)
                        .thenCompose(
                            gone ->
                                gone != null && StoreReads.isMissing(gone)
                                    ? CompletableFuture.completedFuture(false)
                                    : CompletableFuture.failedFuture(failure))
                    : CompletableFuture.failedFuture(failure));
  }

  /** Makes the directories, with the permissions that what is made below them inherits. */
  private static CompletableFuture<Void> prepare(XenStoreOperations transaction, int domainId) {
    String root = PeerNodes.root(domainId);
    String peers = peers(domainId);
    List<Permission> permissions = Permission.list("n0", "r" + domainId);
    return transaction
        .makeDirectory(root)
        .thenCompose(made -> transaction.setPermissions(root, permissions))
        .thenCompose(set -> transaction.makeDirectory(peers))
        .thenCompose(made -> transaction.setPermissions(peers, permissions));
  }

  private static String peers(int domainId) {
    return "/local/domain/" + domainId + '/' + PeerNodes.PEERS;
  }

  private static CompletableFuture<SortedMap<String, String>> read(
      XenStoreOperations transaction, int domainId) {
    String peers = peers(domainId);
    SortedMap<String, String> present = new TreeMap<>();
    return StoreReads.children(transaction, peers)
        .thenCompose(
            networks -> {
              List<CompletableFuture<Void>> lists = new ArrayList<>();
              for (String network : networks) {
                lists.add(
                    StoreReads.children(transaction, peers + '/' + network)
                        .thenCompose(
                            names -> readValues(transaction, peers, network, names, present)));
              }
              return StoreReads.all(lists);
            })
        .thenApply(done -> present);
  }

  private static CompletableFuture<Void> readValues(
      XenStoreOperations transaction,
      String peers,
      String network,
      List<String> names,
      SortedMap<String, String> present) {
    List<CompletableFuture<Void>> reads = new ArrayList<>();
    if (names.isEmpty()) {
      present.put(network, "");
    }
    for (String name : names) {
      String node = network + '/' + name;
      reads.add(
          transaction.readString(peers + '/' + node).thenAccept(value -> present.put(node, value)));
    }
    return CompletableFuture.allOf(reads.toArray(CompletableFuture<?>[]::new));
  }

  private static CompletableFuture<Boolean> change(
      XenStoreOperations transaction,
      int domainId,
      SortedMap<String, String> present,
      SortedMap<String, String> wanted) {
    String peers = peers(domainId);
    List<CompletableFuture<Void>> changes = new ArrayList<>();
    for (String node : present.keySet()) {
      if (!wanted.containsKey(node)) {
        changes.add(transaction.remove(peers + '/' + node));
      }
    }
    wanted.forEach(
        (node, value) -> {
          if (!value.equals(present.get(node))) {
            changes.add(transaction.write(peers + '/' + node, value));
          }
        });
    Set<String> left = networks(present.keySet());
    left.removeAll(networks(wanted.keySet()));
    left.forEach(network -> changes.add(transaction.remove(peers + '/' + network)));
    return StoreReads.all(changes).thenApply(done -> !changes.isEmpty());
  }

  private static Set<String> networks(Set<String> nodes) {
    Set<String> networks = new TreeSet<>();
    for (String node : nodes) {
      int slash = node.indexOf('/');
      networks.add(slash < 0 ? node : node.substring(0, slash));
    }
    return networks;
  }
}
