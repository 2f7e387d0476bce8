package io.xenshm.directory;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Addresses from text, without asking any name service. */
public final class IpAddresses {
  private static final int MAX_ADDRESSES = 64;
  private static final Pattern SEPARATOR = Pattern.compile("[\\s,;]+");

  private IpAddresses() {}

  /** Returns the address that the text is; {@code null} if it is none. A scope is left out. */
  public static InetAddress parse(String text) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    return bytes == null ? null : of(bytes);
  }

  /** Returns an address of 4 or 16 bytes. */
  static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("not 4 or 16 bytes", e);
    }
  }

  /**
   * Returns the addresses in a list with blanks, commas or semicolons between them. An address may
   * have the length of its network's prefix; a whole network is left out, and so is what is no
   * address, or none of a host.
   */
  public static List<InetAddress> parseAll(String text) {
    List<InetAddress> addresses = new ArrayList<>();
    for (String part : SEPARATOR.split(text, -1)) {
      InetAddress address = parseHost(part);
      if (address != null && !addresses.contains(address) && addresses.size() < MAX_ADDRESSES) {
        addresses.add(address);
      }
    }
    return addresses;
  }

  private static InetAddress parseHost(String text) {
    int slash = text.indexOf('/');
    InetAddress address = parse(slash < 0 ? text : text.substring(0, slash));
    if (address == null || address.isAnyLocalAddress() || address.isMulticastAddress()) {
      return null;
    }
    return slash < 0 || isHost(address.getAddress(), text.substring(slash + 1)) ? address : null;
  }

  /** Says whether an address has more than its network's part, or that part is all of it. */
  private static boolean isHost(byte[] address, String prefix) {
    if (!prefix.matches("\\d{1,3}") || Integer.parseInt(prefix) > 8 * address.length) {
      return false;
    }
    int bits = Integer.parseInt(prefix);
    for (int bit = bits; bit < 8 * address.length; bit++) {
      if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0) {
        return true;
      }
    }
    return bits == 8 * address.length;
  }
}
