package io.xenshm.link;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server writes to XenStore to say that it listens at a port.
 *
 * <pre>
 * VERSIONS KIND ADDRESS
 * </pre>
 *
 * <p>{@code VERSIONS} are the protocol versions that it speaks, with commas between. {@code KIND}
 * is {@code stream} or {@code datagram}. {@code ADDRESS} is the IP address that it is bound to,
 * {@code *} for all of them, or {@code xen} where it is reached by domain number only.
 *
 * @param kind what it takes
 * @param versions as they stand in the record
 * @param address as it stands in the record
 */
record ListenerRecord(LinkKind kind, String versions, String address) {
  private static final int MAX_LENGTH = 128;
  private static final String VERSION = Integer.toString(DescriptorPage.VERSION);
  private static final String BY_DOMAIN = "xen";
  private static final String ANY_ADDRESS = "*";
  private static final Pattern GRAMMAR =
      Pattern.compile("(\\d{1,5}(?:,\\d{1,5})*) (stream|datagram) (\\*|xen|[0-9a-fA-F.:]+)");

  /** Returns the record of a listener that is reached by domain number only. */
  static ListenerRecord byDomain(LinkKind kind) {
    return new ListenerRecord(kind, VERSION, BY_DOMAIN);
  }

  /** Returns the record of a listener at an address, which may be the wildcard. */
  static ListenerRecord at(LinkKind kind, InetAddress address) {
    return new ListenerRecord(
        kind, VERSION, address.isAnyLocalAddress() ? ANY_ADDRESS : text(address));
  }

  /** Reads what another domain wrote; {@code null} where it is no record of a listener. */
  static ListenerRecord parse(byte[] value) {
    if (value.length > MAX_LENGTH) {
      return null;
    }
    Matcher matcher = GRAMMAR.matcher(new String(value, StandardCharsets.US_ASCII));
    return matcher.matches()
        ? new ListenerRecord(LinkKind.of(matcher.group(2)), matcher.group(1), matcher.group(3))
        : null;
  }

  /** Says whether a connect to an address is for this listener; one by domain number always is. */
  boolean listensAt(InetAddress wanted) {
    return wanted == null || address.equals(ANY_ADDRESS) || address.equals(text(wanted));
  }

  /** Says whether both cannot listen at the same port: a connect could mean either. */
  boolean conflictsWith(ListenerRecord other) {
    return address.equals(other.address) || reachesAll() || other.reachesAll();
  }

  private boolean reachesAll() {
    return address.equals(ANY_ADDRESS) || address.equals(BY_DOMAIN);
  }

  boolean speaksOurVersion() {
    return ("," + versions + ',').contains(',' + VERSION + ',');
  }

  String format() {
    return versions + ' ' + kind.text + ' ' + address;
  }

  private static String text(InetAddress address) {
    return NetUtil.toAddressString(address);
  }
}
