package io.xenshm.directory;

import io.xenshm.xen.Xen;
import java.nio.file.Path;

/** Opens what a domain knows of the guests around it. */
public final class PeerDirectories {
  /**
   * System property: explicit entries for hosts without an agent, separated by commas, {@code
   * 10.0.0.5=12,fd00::7=9}. An explicit entry wins over the agent's table.
   */
  public static final String PEERS_PROPERTY = "xenshm.peers";

  /**
   * System property: {@code true} has an address that is not in the table looked up in the guest's
   * own neighbour table ({@code /proc/net/arp}, so IPv4 only), and the MAC address that is found
   * there in the table; and a domain without an address in the table has the one that the neighbour
   * table has for its MAC address. Off by default, because any guest of the network can answer ARP
   * for any address: with it, a guest of this host can draw the connections to an address on its
   * network to itself, and connect as that address, as it can with TCP on such a network. An
   * address that the kernel did not resolve yet is not found: the first connection to it is TCP.
   */
  public static final String MAC_PROPERTY = "xenshm.peers.mac";

  private static final Path ARP_TABLE = Path.of("/proc/net/arp");

  private PeerDirectories() {}

  /**
   * Opens a directory over a connection to XenStore, with the system properties' settings. It holds
   * one watch for the table, and one for each of the up to 16 domains that were found last: one
   * directory is enough for a process. It does not wait.
   *
   * @throws IllegalArgumentException if a system property is malformed, with the entry in the
   *     message
   */
  public static PeerDirectory open(Xen xen) {
    ExplicitPeers explicit = new ExplicitPeers(System.getProperty(PEERS_PROPERTY, ""));
    return open(xen, explicit, byMac() ? new Neighbours(ARP_TABLE) : null);
  }

  static PeerDirectory open(Xen xen, ExplicitPeers explicit, Neighbours neighbours) {
    StorePeerDirectory directory =
        new StorePeerDirectory(xen.xenStore(), xen.domainId(), explicit, neighbours);
    directory.start();
    return directory;
  }

  private static boolean byMac() {
    String value = System.getProperty(MAC_PROPERTY, "false");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(MAC_PROPERTY + " is true or false: '" + value + "'");
    };
  }
}
