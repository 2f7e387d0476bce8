package io.xenshm.directory;

import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A domain's table as nodes in XenStore, written by the agent and read by the domain.
 *
 * <pre>
 * /local/domain/N/xenshm/peers                        n0 rN
 * /local/domain/N/xenshm/peers/NETWORK/ADDRESS        "1 DOMAIN UUID MAC NAME"
 * </pre>
 *
 * <p>A node's name takes letters, digits, {@code - _ @} only. So a network's name has all others,
 * and {@code _}, as {@code _XX} in hexadecimal; an address is {@code 10-0-0-5} or {@code
 * fd00_0_0_0_0_0_0_5}; a card without a known address is {@code mac-00163e000005}. Directories are
 * kept below the size of a frame, which oxenstored cannot exceed for a guest: the rest of a network
 * is in {@code NETWORK@2} and so on.
 */
public final class PeerNodes {
  /** The watched node, relative to the domain's own directory. */
  static final String ROOT = "xenshm";

  public static final String PEERS = ROOT + "/peers";

  public static final int MAX_NETWORK_LENGTH = 64;

  private static final String VERSION = "1";
  private static final String UNKNOWN = "-";
  private static final int MAX_DOMAIN = 0x7FEF; // one below DOMID_FIRST_RESERVED
  private static final int MAX_NAME_LENGTH = 256;
  private static final int MAX_VALUE_LENGTH = 2048;
  private static final Pattern NETWORK =
      Pattern.compile("((?:[A-Za-z0-9-]|_[0-9A-F]{2})+)(@\\d+)?");
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(-\\d{1,3}){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-f]{1,4}(_[0-9a-f]{1,4}){7}");
  private static final Pattern NODE_MAC = Pattern.compile("mac-([0-9a-f]{12})");
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");
  private static final Pattern UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  private static final Pattern VALUE =
      Pattern.compile(VERSION + " (\\d{1,5}) (\\S+) (\\S+) ?(.*)", Pattern.DOTALL);

  private PeerNodes() {}

  /** Returns the directory of a domain's own view, as dom0 names it. */
  public static String root(int domainId) {
    return "/local/domain/" + domainId + '/' + ROOT;
  }

  /** Returns the name of a network's node. */
  public static String networkNode(String network) {
    StringBuilder node = new StringBuilder();
    for (byte b : network.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-') {
        node.append(c);
      } else {
        node.append(String.format(Locale.ROOT, "_%02X", (int) c));
      }
    }
    return node.toString();
  }

  /** Returns the network that a node is about; {@code null} if it is malformed. */
  public static String network(String node) {
    Matcher matcher = NETWORK.matcher(node);
    if (!matcher.matches()) {
      return null;
    }
    String encoded = matcher.group(1);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < encoded.length(); i++) {
      if (encoded.charAt(i) == '_') {
        bytes.write(Integer.parseInt(encoded.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(encoded.charAt(i));
      }
    }
    String network = printable(bytes.toString(StandardCharsets.UTF_8));
    return network.length() <= MAX_NETWORK_LENGTH ? network : null;
  }

  /** Returns the name of an entry's node. */
  public static String entryNode(PeerEntry entry) {
    InetAddress address = entry.address();
    if (address == null) {
      return "mac-" + entry.mac().replace(":", "");
    }
    return address instanceof Inet4Address
        ? address.getHostAddress().replace('.', '-')
        : ipv6Node(address.getAddress());
  }

  private static String ipv6Node(byte[] bytes) {
    StringBuilder node = new StringBuilder();
    for (int i = 0; i < bytes.length; i += 2) {
      node.append(i == 0 ? "" : "_")
          .append(Integer.toHexString((bytes[i] & 0xFF) << 8 | (bytes[i + 1] & 0xFF)));
    }
    return node.toString();
  }

  /** Returns an entry's value. */
  public static String value(PeerEntry entry) {
    return String.join(
        " ",
        VERSION,
        Integer.toString(entry.domainId()),
        entry.uuid().isEmpty() ? UNKNOWN : entry.uuid(),
        entry.mac().isEmpty() ? UNKNOWN : entry.mac(),
        entry.name());
  }

  /** Returns the entry that a node and its value are; {@code null} if it is malformed. */
  static PeerEntry entry(String network, String node, byte[] value) {
    if (value.length > MAX_VALUE_LENGTH) {
      return null;
    }
    Matcher matcher = VALUE.matcher(new String(value, StandardCharsets.UTF_8));
    if (!matcher.matches()) {
      return null;
    }
    int domain = Integer.parseInt(matcher.group(1));
    String uuid = matcher.group(2);
    String mac = matcher.group(3);
    boolean valid =
        domain <= MAX_DOMAIN
            && (uuid.equals(UNKNOWN) || isUuid(uuid))
            && (mac.equals(UNKNOWN) || isMac(mac));
    InetAddress address = address(node);
    if (!valid || (address == null && !NODE_MAC.matcher(node).matches())) {
      return null;
    }
    return new PeerEntry(
        network,
        address,
        mac.equals(UNKNOWN) ? "" : mac,
        domain,
        uuid.equals(UNKNOWN) ? "" : uuid,
        printable(matcher.group(4)));
  }

  private static InetAddress address(String node) {
    if (IPV4.matcher(node).matches()) {
      return IpAddresses.parse(node.replace('-', '.'));
    }
    return IPV6.matcher(node).matches() ? IpAddresses.parse(node.replace('_', ':')) : null;
  }

  public static boolean isMac(String text) {
    return MAC.matcher(text).matches();
  }

  public static boolean isUuid(String text) {
    return UUID.matcher(text).matches();
  }

  public static boolean isDomain(int number) {
    return number >= 0 && number <= MAX_DOMAIN;
  }

  /** Returns the text without what would disturb a terminal or a log, cut to a bound. */
  public static String printable(String text) {
    StringBuilder printable = new StringBuilder();
    text.codePoints()
        .limit(MAX_NAME_LENGTH)
        .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
        .forEach(printable::appendCodePoint);
    return printable.toString();
  }
}
