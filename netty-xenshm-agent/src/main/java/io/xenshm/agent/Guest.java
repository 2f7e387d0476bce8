package io.xenshm.agent;

import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A guest of this host, as dom0's nodes say.
 *
 * @param domainId its number
 * @param uuid its VM's UUID; empty where unknown
 * @param name its VM's name; empty where unknown
 * @param cards its network cards
 */
record Guest(int domainId, String uuid, String name, List<Card> cards) {

  /**
   * A network card.
   *
   * @param network the network that it is on
   * @param mac its MAC address in lower case; empty where unknown
   * @param addresses what the operator configured for it
   * @param claimed what a trusted guest says of itself
   */
  record Card(String network, String mac, List<InetAddress> addresses, List<InetAddress> claimed) {}

  Set<String> networks() {
    Set<String> networks = new TreeSet<>();
    cards.forEach(card -> networks.add(card.network()));
    return networks;
  }

  /** Says whether the guest has a name or UUID that an operator's file or option gives. */
  boolean isNamed(Set<String> namesAndUuids) {
    return namesAndUuids.contains(uuid) || (!name.isEmpty() && namesAndUuids.contains(name));
  }

  /** Names the guest for messages to people. */
  String label() {
    return "domain " + domainId + (name.isEmpty() ? "" : " (" + name + ")");
  }
}
