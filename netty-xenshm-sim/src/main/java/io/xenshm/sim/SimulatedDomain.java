package io.xenshm.sim;

import io.netty.util.NetUtil;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A guest of a simulated host, as its configuration file would describe it.
 *
 * @param id its number, 1 to 32751
 * @param name its name
 * @param address its IPv4 or IPv6 address
 * @param mac its network card's address
 * @param network the bridge that the card is on
 */
public record SimulatedDomain(int id, String name, String address, String mac, String network) {

  /** The network of a domain that names none. */
  public static final String DEFAULT_NETWORK = "xenbr0";

  /** The highest number of an ordinary domain, one below {@code DOMID_FIRST_RESERVED}. */
  static final int MAX_ID = 0x7FEF;

  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public SimulatedDomain {
    if (id < 1 || id > MAX_ID) {
      throw new IllegalArgumentException("a guest's number is between 1 and " + MAX_ID + ": " + id);
    }
    mac = mac.toLowerCase(Locale.ROOT);
    check("name", name, NAME);
    if (!NetUtil.isValidIpV4Address(address) && !NetUtil.isValidIpV6Address(address)) {
      throw new IllegalArgumentException("malformed IP address: '" + address + "'");
    }
    check("MAC address", mac, MAC);
    check("network", network, NAME);
  }

  /**
   * Returns domain N as it is without further configuration: address 127.0.N.1, MAC
   * 00:16:3e:00:00:NN, network {@value #DEFAULT_NETWORK}.
   */
  public static SimulatedDomain of(int id) {
    return new SimulatedDomain(
        id,
        "domain-" + id,
        "127." + (id >> 8) + "." + (id & 0xFF) + ".1",
        String.format(Locale.ROOT, "00:16:3e:00:%02x:%02x", id >> 8, id & 0xFF),
        DEFAULT_NETWORK);
  }

  /**
   * Reads {@code N} or {@code N=IP[,MAC[,NETWORK]]}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static SimulatedDomain parse(String text) {
    String form = "a domain is N or N=IP[,MAC[,NETWORK]]: '" + text + "'";
    String[] halves = text.split("=", 2);
    SimulatedDomain plain;
    try {
      plain = of(Integer.parseInt(halves[0].trim()));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(form, e);
    }
    if (halves.length == 1) {
      return plain;
    }
    String[] parts = halves[1].split(",", -1);
    if (parts.length > 3) {
      throw new IllegalArgumentException(form);
    }
    return new SimulatedDomain(
        plain.id,
        plain.name,
        parts[0],
        parts.length > 1 ? parts[1] : plain.mac,
        parts.length > 2 ? parts[2] : plain.network);
  }

  /** Returns the same domain with another name. */
  public SimulatedDomain withName(String newName) {
    return new SimulatedDomain(id, newName, address, mac, network);
  }

  /** Returns the same domain with another number. */
  public SimulatedDomain withId(int newId) {
    return new SimulatedDomain(newId, name, address, mac, network);
  }

  private static void check(String what, String value, Pattern pattern) {
    if (!pattern.matcher(value).matches()) {
      throw new IllegalArgumentException("malformed " + what + ": '" + value + "'");
    }
  }
}
