package io.xenshm.agent;

import io.xenshm.directory.PeerEntry;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What each guest is to be shown: its own cards, and those of the guests that it shares a network
 * with and may see.
 *
 * <p>An address that two guests have on one network is shown to nobody. What the operator
 * configured goes before what a trusted guest claims, so that a claim cannot take an address away.
 * A MAC address that two guests have on one network is shown to nobody either.
 */
final class HostTable {
  private final List<Guest> guests;
  private final AgentPolicy policy;
  private final Map<MacPlace, Set<Integer>> macs = new HashMap<>();
  private final Map<Place, Set<Integer>> configured = new HashMap<>();
  private final Map<Place, Set<Integer>> claimed = new HashMap<>();
  private final Set<String> conflicts = new TreeSet<>();

  private record Place(String network, InetAddress address) {}

  private record MacPlace(String network, String mac) {}

  HostTable(List<Guest> guests, AgentPolicy policy) {
    this.guests = guests;
    this.policy = policy;
    for (Guest guest : guests) {
      for (Guest.Card card : guest.cards()) {
        note(configured, guest, card, card.addresses());
        note(claimed, guest, card, card.claimed());
        macs.computeIfAbsent(new MacPlace(card.network(), card.mac()), key -> new TreeSet<>())
            .add(guest.domainId());
      }
    }
    configured.forEach(
        (place, domains) ->
            noteConflict(place.address().getHostAddress(), place.network(), domains));
    claimed.forEach(
        (place, domains) -> {
          if (!configured.containsKey(place)) {
            noteConflict(place.address().getHostAddress(), place.network(), domains);
          }
        });
    macs.forEach(
        (place, domains) -> {
          if (!place.mac().isEmpty()) {
            noteConflict(place.mac(), place.network(), domains);
          }
        });
  }

  private static void note(
      Map<Place, Set<Integer>> places, Guest guest, Guest.Card card, List<InetAddress> addresses) {
    for (InetAddress address : addresses) {
      places
          .computeIfAbsent(new Place(card.network(), address), key -> new TreeSet<>())
          .add(guest.domainId());
    }
  }

  private void noteConflict(String address, String network, Set<Integer> domains) {
    if (domains.size() > 1) {
      conflicts.add(address + " on network " + network + " is the address of domains " + domains);
    }
  }

  /** Returns a sentence for each address that is shown to nobody. */
  Set<String> conflicts() {
    return conflicts;
  }

  /** Returns the entries of a guest's own view. */
  List<PeerEntry> viewOf(Guest viewer) {
    Set<String> networks = viewer.networks();
    List<PeerEntry> entries = new ArrayList<>();
    for (Guest guest : guests) {
      if (guest.domainId() == viewer.domainId() || policy.maySee(viewer, guest)) {
        for (Guest.Card card : guest.cards()) {
          if (networks.contains(card.network())) {
            addEntries(entries, guest, card);
          }
        }
      }
    }
    return entries;
  }

  private void addEntries(List<PeerEntry> entries, Guest guest, Guest.Card card) {
    Set<InetAddress> addresses = new HashSet<>(card.addresses());
    addresses.addAll(card.claimed());
    addresses.removeIf(
        address -> !isAloneWith(new Place(card.network(), address), guest.domainId()));
    String mac = macs.get(new MacPlace(card.network(), card.mac())).size() == 1 ? card.mac() : "";
    for (InetAddress address : addresses) {
      entries.add(entry(guest, card, address, mac));
    }
    if (addresses.isEmpty() && !mac.isEmpty()) {
      entries.add(entry(guest, card, null, mac));
    }
  }

  private boolean isAloneWith(Place place, int domainId) {
    Set<Integer> owners = configured.getOrDefault(place, claimed.get(place));
    return owners.size() == 1 && owners.contains(domainId);
  }

  private static PeerEntry entry(Guest guest, Guest.Card card, InetAddress address, String mac) {
    return new PeerEntry(
        card.network(), address, mac, guest.domainId(), guest.uuid(), guest.name());
  }
}
