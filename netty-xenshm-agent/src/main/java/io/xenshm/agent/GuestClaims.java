package io.xenshm.agent;

import io.xenshm.directory.IpAddresses;
import io.xenshm.directory.StoreReads;
import io.xenshm.xen.XenStoreOperations;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Reads what a guest says of its own addresses, for the guests that the operator trusts. The guest
 * writes these nodes itself, so it can write any address.
 *
 * <pre>
 * /local/domain/N/attr/vif/M/ipv4/*          the guest tools of XenServer and XCP-ng
 * /local/domain/N/attr/vif/M/ipv6/*
 * /local/domain/N/attr/ethM/ip               the same, older
 * /local/domain/N/attr/ethM/ipv6/*&#47;addr
 * /local/domain/N/data/xenshm/vif/M/ip       without guest tools: written by hand or by a script
 * </pre>
 */
final class GuestClaims {
  /** More than that of one directory are not read: the guest decides how many there are. */
  private static final int MAX_NODES = 32;

  private GuestClaims() {}

  /** Returns the directories of a guest to be watched. */
  static List<String> directories(int domainId) {
    return List.of(domain(domainId) + "/attr", domain(domainId) + "/data/xenshm/vif");
  }

  private static String domain(int domainId) {
    return "/local/domain/" + domainId;
  }

  static CompletableFuture<List<InetAddress>> read(
      XenStoreOperations store, int domainId, int card) {
    String tools = domain(domainId) + "/attr/vif/" + card;
    String older = domain(domainId) + "/attr/eth" + card;
    List<CompletableFuture<String>> reads =
        List.of(
            each(store, tools + "/ipv4", ""),
            each(store, tools + "/ipv6", ""),
            StoreReads.text(store, older + "/ip"),
            each(store, older + "/ipv6", "/addr"),
            StoreReads.text(store, domain(domainId) + "/data/xenshm/vif/" + card + "/ip"));
    return StoreReads.all(reads).thenApply(GuestClaims::addresses);
  }

  private static CompletableFuture<String> each(
      XenStoreOperations store, String directory, String below) {
    return StoreReads.children(store, directory)
        .thenCompose(
            names -> {
              List<CompletableFuture<String>> reads = new ArrayList<>();
              for (int number : CardReader.numbers(names)) {
                if (reads.size() < MAX_NODES) {
                  reads.add(StoreReads.text(store, directory + '/' + number + below));
                }
              }
              return StoreReads.all(reads);
            })
        .thenApply(texts -> String.join(" ", texts));
  }

  private static List<InetAddress> addresses(List<String> texts) {
    Set<InetAddress> addresses = new LinkedHashSet<>();
    for (String text : texts) {
      for (InetAddress address : IpAddresses.parseAll(text)) {
        if (!address.isLoopbackAddress()) {
          addresses.add(address);
        }
      }
    }
    return List.copyOf(addresses);
  }
}
