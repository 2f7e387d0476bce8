package io.xenshm.netty;

import io.xenshm.directory.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Which guests of this host may share memory with a channel, see {@link
 * XenShmChannelOption#XENSHM_PEERS}. Does not change.
 *
 * <p>A guest is named in one of three ways:
 *
 * <ul>
 *   <li>{@code uuid:4f5c2a10-0d3e-4b57-9a41-7e0f6f1f2a33}, its VM's UUID, which outlives restarts;
 *   <li>{@code name:web1}, its VM's name, as dom0 knows it;
 *   <li>{@code domain:12}, its domain number, which another guest may have later.
 * </ul>
 *
 * <p>UUID and name are those of this guest's own table, which dom0's agent writes; a peer has no
 * say in them. A domain of which the table does not tell the UUID, because there is no agent, or
 * the program named it by a {@link XenShmAddress}, or {@code xenshm.peers} did, may be any guest.
 * So where a UUID is denied, such a domain is denied too, and an allowed UUID does not let it in;
 * it is the same with names.
 */
public final class XenShmPeers {
  /** All guests. */
  public static final XenShmPeers ALL = new XenShmPeers(null, Set.of());

  /** System property: the guests that a process may share memory with, separated by commas. */
  static final String ALLOW_PROPERTY = "xenshm.peers.allow";

  /** System property: the guests that a process may not share memory with. */
  static final String DENY_PROPERTY = "xenshm.peers.deny";

  private static final String ALLOW_VARIABLE = "XENSHM_PEERS_ALLOW";
  private static final String DENY_VARIABLE = "XENSHM_PEERS_DENY";

  /** As an entry of the property or the variable: nobody is allowed but whom others name. */
  private static final String NONE = "none";

  private static final String UUID = "uuid:";
  private static final String NAME = "name:";
  private static final String DOMAIN = "domain:";
  private static final Pattern UUID_FORM =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  private static final int MAX_DOMAIN = 0x7FEF;

  /** Null where all are allowed. */
  private final Set<String> allowed;

  private final Set<String> denied;

  private XenShmPeers(Set<String> allowed, Set<String> denied) {
    this.allowed = allowed;
    this.denied = denied;
  }

  /**
   * Returns these, but only such guests as are named here or were in a call before this one.
   *
   * @throws IllegalArgumentException if a guest is named in none of the three ways
   */
  public XenShmPeers allow(String... guests) {
    return new XenShmPeers(with(allowed == null ? Set.of() : allowed, List.of(guests)), denied);
  }

  /**
   * Returns these without the named guests. A guest that is both allowed and denied is denied.
   *
   * @throws IllegalArgumentException if a guest is named in none of the three ways
   */
  public XenShmPeers deny(String... guests) {
    return new XenShmPeers(allowed, with(denied, List.of(guests)));
  }

  /**
   * Returns what the system properties say, or the environment where they are not set. An empty
   * list is no list; {@code none} in the list of those that are allowed is a list of nobody.
   *
   * @throws IllegalArgumentException if an entry is malformed, with the property in the message
   */
  static XenShmPeers configured() {
    List<String> allow = configured(ALLOW_PROPERTY, ALLOW_VARIABLE);
    List<String> deny = configured(DENY_PROPERTY, DENY_VARIABLE);
    boolean all = allow.isEmpty();
    allow.removeIf(NONE::equals);
    return new XenShmPeers(all ? null : with(Set.of(), allow), with(Set.of(), deny));
  }

  private static List<String> configured(String property, String variable) {
    String text = System.getProperty(property);
    if (text == null) {
      text = System.getenv(variable);
    }
    List<String> guests = new ArrayList<>();
    for (String guest : text == null ? new String[0] : text.split(",", -1)) {
      if (!guest.isBlank()) {
        boolean nobody = property.equals(ALLOW_PROPERTY) && guest.trim().equals(NONE);
        guests.add(nobody ? NONE : checked(guest.trim(), " in " + property + " or " + variable));
      }
    }
    return guests;
  }

  private static Set<String> with(Set<String> some, List<String> more) {
    Set<String> all = new TreeSet<>(some);
    for (String guest : more) {
      all.add(checked(guest, ""));
    }
    return all;
  }

  private static String checked(String guest, String where) {
    String lower = guest.toLowerCase(Locale.ROOT);
    if (guest.startsWith(UUID) && UUID_FORM.matcher(lower.substring(UUID.length())).matches()) {
      return lower;
    }
    if (guest.startsWith(NAME) && guest.length() > NAME.length()) {
      return guest;
    }
    if (guest.startsWith(DOMAIN)) {
      String number = guest.substring(DOMAIN.length());
      if (number.matches("\\d{1,5}") && Integer.parseInt(number) <= MAX_DOMAIN) {
        return DOMAIN + Integer.parseInt(number);
      }
    }
    throw new IllegalArgumentException(
        "'"
            + guest
            + "'"
            + where
            + " names no guest: uuid:4f5c2a10-0d3e-4b57-9a41-7e0f6f1f2a33, name:web1 or domain:12");
  }

  /** Says whether a guest's UUID or name matters, and not only its domain's number. */
  boolean needTheTable() {
    return needTheTable(allowed == null ? Set.of() : allowed) || needTheTable(denied);
  }

  private static boolean needTheTable(Set<String> guests) {
    return has(guests, UUID) || has(guests, NAME);
  }

  private static boolean has(Set<String> guests, String kind) {
    return guests.stream().anyMatch(guest -> guest.startsWith(kind));
  }

  /**
   * Says whether a domain may share memory.
   *
   * @param known what this guest's table says of the domain; {@code null} for nothing
   */
  boolean admit(int domain, Peer known) {
    String uuid = known == null ? "" : known.uuid().toLowerCase(Locale.ROOT);
    String name = known == null ? "" : known.name();
    boolean mayBeDenied =
        denied.contains(DOMAIN + domain)
            || (uuid.isEmpty() ? has(denied, UUID) : denied.contains(UUID + uuid))
            || (name.isEmpty() ? has(denied, NAME) : denied.contains(NAME + name));
    return !mayBeDenied
        && (allowed == null
            || allowed.contains(DOMAIN + domain)
            || allowed.contains(UUID + uuid)
            || allowed.contains(NAME + name));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof XenShmPeers peers
        && denied.equals(peers.denied)
        && Objects.equals(allowed, peers.allowed);
  }

  @Override
  public int hashCode() {
    return Objects.hash(allowed, denied);
  }

  @Override
  public String toString() {
    return (allowed == null ? "all guests" : "allowed: " + allowed)
        + (denied.isEmpty() ? "" : ", denied: " + denied);
  }
}
