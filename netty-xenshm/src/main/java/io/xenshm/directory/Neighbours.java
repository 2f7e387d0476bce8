package io.xenshm.directory;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * This guest's neighbour table, IPv4 only: {@code /proc/net/arp}. The kernel has no file of IPv6
 * neighbours.
 *
 * <p>Any guest of a network can answer for any address there, so what the table says proves
 * nothing.
 */
final class Neighbours {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Neighbours.class);
  private static final int COMPLETE = 2; // ATF_COM, linux/if_arp.h
  private static final String UNSET = "00:00:00:00:00:00";

  private final Path file;

  Neighbours(Path file) {
    this.file = file;
  }

  /** Returns the MAC address that answered for an address; {@code null} if none did. */
  String macOf(InetAddress address) {
    return read().get(address);
  }

  /** Returns the addresses that a MAC address answered for, the lowest first. */
  List<InetAddress> addressesOf(String mac) {
    return read().entrySet().stream()
        .filter(entry -> entry.getValue().equals(mac))
        .map(Map.Entry::getKey)
        .sorted((a, b) -> Arrays.compareUnsigned(a.getAddress(), b.getAddress()))
        .toList();
  }

  /** Columns: IP address, HW type, flags, HW address, mask, device. */
  private Map<InetAddress, String> read() {
    Map<InetAddress, String> table = new LinkedHashMap<>();
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
        String[] columns = line.trim().split("\\s+", -1);
        InetAddress address = IpAddresses.parse(columns[0]);
        if (address == null || columns.length < 4 || !isComplete(columns[2])) {
          continue;
        }
        String mac = columns[3].toLowerCase(Locale.ROOT);
        if (PeerNodes.isMac(mac) && !mac.equals(UNSET)) {
          table.put(address, mac);
        }
      }
    } catch (IOException e) {
      logger.debug("The neighbour table cannot be read", e);
    }
    return table;
  }

  private static boolean isComplete(String flags) {
    try {
      return (Integer.decode(flags) & COMPLETE) != 0;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
