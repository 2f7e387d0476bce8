package io.xenshm.directory;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;

/** Peers that the configuration names, for hosts without an agent: {@code 10.0.0.5=12,...}. */
final class ExplicitPeers {
  private final Map<InetAddress, Integer> domains = new LinkedHashMap<>();

  /**
   * Reads entries, separated by commas: an IPv4 or IPv6 address, {@code =}, a domain's number.
   *
   * @throws IllegalArgumentException if an entry is malformed, with the entry in the message
   */
  ExplicitPeers(String text) {
    for (String entry : text.split(",", -1)) {
      if (!entry.isBlank()) {
        add(entry.trim());
      }
    }
  }

  private void add(String entry) {
    String[] halves = entry.split("=", -1);
    if (halves.length != 2) {
      throw malformed(entry, "one '=' is expected");
    }
    String literal = halves[0].trim();
    if (literal.startsWith("[") && literal.endsWith("]")) {
      literal = literal.substring(1, literal.length() - 1);
    }
    InetAddress address = IpAddresses.parse(literal);
    if (address == null) {
      throw malformed(entry, "'" + halves[0].trim() + "' is no IPv4 or IPv6 address");
    }
    String number = halves[1].trim();
    int domain = number.matches("\\d{1,5}") ? Integer.parseInt(number) : -1;
    if (!PeerNodes.isDomain(domain)) {
      throw malformed(entry, "'" + number + "' is no domain's number");
    }
    Integer other = domains.putIfAbsent(address, domain);
    if (other != null && other != domain) {
      throw malformed(entry, "the address is domain " + other + "'s in an entry before it");
    }
  }

  private static IllegalArgumentException malformed(String entry, String reason) {
    return new IllegalArgumentException(
        "malformed entry '"
            + entry
            + "' in "
            + PeerDirectories.PEERS_PROPERTY
            + ": "
            + reason
            + "; an entry looks like 10.0.0.5=12");
  }

  boolean isEmpty() {
    return domains.isEmpty();
  }

  /** Returns the domain that has an address; {@code null} if no entry is about it. */
  Integer domainOf(InetAddress address) {
    return domains.get(address);
  }

  /** Returns the first address of a domain; {@code null} if no entry is about it. */
  InetAddress addressOf(int domainId) {
    for (Map.Entry<InetAddress, Integer> entry : domains.entrySet()) {
      if (entry.getValue() == domainId) {
        return entry.getKey();
      }
    }
    return null;
  }

  /** Says whether an entry names a domain. */
  boolean contains(int domainId) {
    return domains.containsValue(domainId);
  }
}
