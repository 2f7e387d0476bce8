package io.xenshm.directory;

import java.net.InetAddress;
import java.util.Comparator;

/**
 * One line of a domain's table: a network card of a guest, with one of its addresses.
 *
 * @param network the network that the card is on, as the agent names it
 * @param address the address; {@code null} where none is known
 * @param mac the card's MAC address in lower case; empty where unknown
 * @param domainId the guest
 * @param uuid its VM's UUID; empty where unknown
 * @param name its VM's name; empty where unknown
 */
public record PeerEntry(
    String network, InetAddress address, String mac, int domainId, String uuid, String name) {

  /** By network, then IPv4 before IPv6, then by address, card and domain. */
  public static final Comparator<PeerEntry> ORDER =
      Comparator.comparing(PeerEntry::network)
          .thenComparing(
              PeerEntry::address, Comparator.nullsLast(Comparator.comparing(PeerEntry::sortKey)))
          .thenComparing(PeerEntry::mac)
          .thenComparingInt(PeerEntry::domainId);

  Peer peer() {
    return new Peer(domainId, network, uuid, name);
  }

  private static String sortKey(InetAddress address) {
    byte[] bytes = address.getAddress();
    StringBuilder key = new StringBuilder().append(bytes.length == 4 ? '4' : '6');
    for (byte b : bytes) {
      key.append((char) (b & 0xFF));
    }
    return key.toString();
  }
}
