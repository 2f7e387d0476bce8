package io.xenshm.agent;

import io.xenshm.directory.PeerNodes;
import io.xenshm.directory.StoreReads;
import io.xenshm.xen.XenStoreOperations;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Reads all guests of the host, as dom0. */
final class HostReader {
  private static final String VM = "/vm/";

  private final XenStoreOperations store;
  private final Set<String> trusted;

  /**
   * Creates it.
   *
   * @param trusted names and UUIDs of the guests whose own words about their addresses count
   */
  HostReader(XenStoreOperations store, Set<String> trusted) {
    this.store = store;
    this.trusted = trusted;
  }

  /** Returns the guests that are there, dom0 not among them. */
  CompletableFuture<List<Guest>> read() {
    return StoreReads.children(store, "/local/domain")
        .thenCompose(
            names -> {
              List<CompletableFuture<Guest>> guests = new ArrayList<>();
              for (int domainId : CardReader.numbers(names)) {
                if (domainId != 0 && PeerNodes.isDomain(domainId)) {
                  guests.add(guest(domainId));
                }
              }
              return StoreReads.all(guests);
            });
  }

  private CompletableFuture<Guest> guest(int domainId) {
    String path = "/local/domain/" + domainId;
    return StoreReads.text(store, path + "/vm")
        .thenCombine(
            StoreReads.text(store, path + "/name"),
            (vm, name) -> new Guest(domainId, uuid(vm), PeerNodes.printable(name), List.of()))
        .thenCompose(this::withCards);
  }

  private static String uuid(String vm) {
    String uuid = vm.startsWith(VM) ? vm.substring(VM.length()).toLowerCase(Locale.ROOT) : "";
    return PeerNodes.isUuid(uuid) ? uuid : "";
  }

  private CompletableFuture<Guest> withCards(Guest guest) {
    return new CardReader(store, guest.domainId(), guest.uuid())
        .read()
        .thenCompose(
            cards ->
                guest.isNamed(trusted)
                    ? withClaims(guest, cards)
                    : CompletableFuture.completedFuture(List.copyOf(cards.values())))
        .thenApply(cards -> new Guest(guest.domainId(), guest.uuid(), guest.name(), cards));
  }

  private CompletableFuture<List<Guest.Card>> withClaims(
      Guest guest, Map<Integer, Guest.Card> cards) {
    List<CompletableFuture<Guest.Card>> reads = new ArrayList<>();
    cards.forEach(
        (number, card) ->
            reads.add(
                GuestClaims.read(store, guest.domainId(), number)
                    .thenApply(
                        claimed ->
                            new Guest.Card(
                                card.network(), card.mac(), card.addresses(), claimed))));
    return StoreReads.all(reads);
  }
}
