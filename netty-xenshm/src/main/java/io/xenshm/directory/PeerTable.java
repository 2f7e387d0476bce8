package io.xenshm.directory;

import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreOperations;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A domain's table at one moment. Does not change. */
public final class PeerTable {
  private final int ownDomain;
  private final List<PeerEntry> entries;
  private final Map<InetAddress, List<PeerEntry>> byAddress = new HashMap<>();
  private final Map<String, List<PeerEntry>> byMac = new HashMap<>();
  private final Map<Integer, InetAddress> addresses = new HashMap<>();
  private final Map<Integer, Peer> domains = new HashMap<>();

  PeerTable(int ownDomain, List<PeerEntry> entries) {
    this.ownDomain = ownDomain;
    this.entries = entries.stream().sorted(PeerEntry.ORDER).toList();
    for (PeerEntry entry : this.entries) {
      domains.merge(entry.domainId(), entry.peer(), PeerTable::agreed);
      if (entry.address() != null) {
        byAddress.computeIfAbsent(entry.address(), key -> new ArrayList<>()).add(entry);
      }
      if (!entry.mac().isEmpty()) {
        byMac.computeIfAbsent(entry.mac(), key -> new ArrayList<>()).add(entry);
      }
    }
    for (PeerEntry entry : this.entries) {
      if (entry.address() != null && isOneDomain(byAddress.get(entry.address()))) {
        addresses.putIfAbsent(entry.domainId(), entry.address());
      }
    }
  }

  /**
   * Reads the table that the agent wrote for the domain of a connection, in one transaction.
   * Malformed nodes are left out.
   *
   * @param ownDomain the domain of the connection
   * @return empty where there is none; fails with {@link XenStoreException}
   */
  public static CompletableFuture<Optional<PeerTable>> read(XenStore store, int ownDomain) {
    return read(store, ownDomain, PeerNodes.PEERS);
  }

  /**
   * Reads the table that the agent wrote for a domain, as dom0. See {@link #read}.
   *
   * @param domainId the domain
   */
  public static CompletableFuture<Optional<PeerTable>> readAsDom0(XenStore store, int domainId) {
    return read(store, domainId, "/local/domain/" + domainId + '/' + PeerNodes.PEERS);
  }

  private static CompletableFuture<Optional<PeerTable>> read(
      XenStore store, int ownDomain, String peers) {
    return store.transaction(
        transaction ->
            transaction
                .list(peers)
                .thenCompose(nodes -> readNetworks(transaction, peers, nodes))
                .thenApply(entries -> Optional.of(new PeerTable(ownDomain, entries)))
                .exceptionallyCompose(
                    failure ->
                        StoreReads.isMissing(failure)
                            ? CompletableFuture.completedFuture(Optional.empty())
                            : CompletableFuture.failedFuture(failure)));
  }

  private static CompletableFuture<List<PeerEntry>> readNetworks(
      XenStoreOperations transaction, String peers, List<String> nodes) {
    List<CompletableFuture<List<PeerEntry>>> parts = new ArrayList<>();
    for (String node : nodes) {
      String network = PeerNodes.network(node);
      if (network != null) {
        String path = peers + '/' + node;
        parts.add(
            transaction
                .list(path)
                .thenCompose(names -> readEntries(transaction, network, path, names)));
      }
    }
    return StoreReads.all(parts).thenApply(lists -> lists.stream().flatMap(List::stream).toList());
  }

  private static CompletableFuture<List<PeerEntry>> readEntries(
      XenStoreOperations transaction, String network, String path, List<String> names) {
    List<CompletableFuture<PeerEntry>> reads = new ArrayList<>();
    for (String name : names) {
      reads.add(
          transaction
              .read(path + '/' + name)
              .thenApply(value -> PeerNodes.entry(network, name, value)));
    }
    return StoreReads.all(reads)
        .thenApply(read -> read.stream().filter(entry -> entry != null).toList());
  }

  /** Returns all entries, by network and address. */
  public List<PeerEntry> entries() {
    return entries;
  }

  /** Says whether the table has a domain. */
  boolean contains(int domainId) {
    return domains.containsKey(domainId);
  }

  /** Returns what is known of a domain; {@code null} for nothing. */
  Peer peer(int domainId) {
    return domains.get(domainId);
  }

  /** Two entries that do not tell the same leave it open. */
  private static Peer agreed(Peer one, Peer other) {
    return new Peer(
        one.domainId(),
        one.network(),
        one.uuid().equals(other.uuid()) ? one.uuid() : "",
        one.name().equals(other.name()) ? one.name() : "");
  }

  PeerLookup lookup(InetAddress address) {
    return answer(byAddress.getOrDefault(address, List.of()));
  }

  PeerLookup lookupMac(String mac) {
    return answer(byMac.getOrDefault(mac, List.of()));
  }

  /** Returns the first address that is the domain's alone; {@code null} if it has none. */
  InetAddress addressOf(int domainId) {
    return addresses.get(domainId);
  }

  private PeerLookup answer(List<PeerEntry> found) {
    if (found.isEmpty()) {
      return new PeerLookup(Outcome.NOT_CO_RESIDENT, null);
    }
    if (found.stream().anyMatch(entry -> entry.domainId() == ownDomain)) {
      return new PeerLookup(Outcome.OWN_DOMAIN, null);
    }
    return isOneDomain(found)
        ? new PeerLookup(Outcome.CO_RESIDENT, found.get(0).peer())
        : new PeerLookup(Outcome.AMBIGUOUS, null);
  }

  private static boolean isOneDomain(List<PeerEntry> found) {
    return found.stream().mapToInt(PeerEntry::domainId).distinct().count() == 1;
  }
}
