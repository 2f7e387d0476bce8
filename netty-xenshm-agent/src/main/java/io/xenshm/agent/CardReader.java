package io.xenshm.agent;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.directory.IpAddresses;
import io.xenshm.directory.PeerNodes;
import io.xenshm.directory.StoreReads;
import io.xenshm.xen.XenStoreOperations;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a guest's network cards from nodes that no guest can write.
 *
 * <pre>
 * /local/domain/0/backend/vif/N/M            mac, bridge, vlan, ip    dom0's back end: xl; XAPI has mac only
 * /libxl/N/device/vif/M                      backend, and a copy      xl: which back end, and what it was told
 *                                            of mac, bridge, ip
 * /xenops/domain/N/device/vif/M/backend      which back end           XAPI
 * /xapi/UUID/private/vif/M                   bridge, mac,             XAPI; the allowed addresses are enforced
 *                                            locking-mode,            by dom0's switch where the mode is locked
 *                                            ipv4-allowed,
 *                                            ipv6-allowed
 * /local/domain/B/backend/vif/N/M            the same nodes           a driver domain B's back end, where the
 *                                                                     toolstack names it and has no copy
 * </pre>
 *
 * <p>Guests make dom0 write to their back ends as often as they like, by their states: {@link
 * #isAbout} tells what is of interest here.
 *
 * <p>A driver domain's bridge is not dom0's of the same name: its network is {@code BRIDGE%B}.
 */
final class CardReader {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(CardReader.class);
  private static final Set<String> NODES =
      Set.of(
          "vif",
          "mac",
          "bridge",
          "vlan",
          "ip",
          "backend",
          "locking-mode",
          "ipv4-allowed",
          "ipv6-allowed");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,5}");
  private static final Pattern BACK_END =
      Pattern.compile("/local/domain/(\\d{1,5})/backend/vif/(\\d{1,5})/(\\d{1,5})");

  private final XenStoreOperations store;
  private final int domainId;
  private final String uuid;

  CardReader(XenStoreOperations store, int domainId, String uuid) {
    this.store = store;
    this.domainId = domainId;
    this.uuid = uuid;
  }

  /** Returns the cards by their numbers; what is claimed is left empty. */
  CompletableFuture<Map<Integer, Guest.Card>> read() {
    CompletableFuture<Map<Integer, Integer>> ofDom0 =
        StoreReads.children(store, dom0BackEnds(domainId))
            .thenApply(
                names -> {
                  Map<Integer, Integer> backEnds = new TreeMap<>();
                  numbers(names).forEach(card -> backEnds.put(card, 0));
                  return backEnds;
                });
    return ofDom0
        .thenCombine(named(libxl(domainId)), CardReader::merge)
        .thenCombine(named("/xenops/domain/" + domainId + "/device/vif"), CardReader::merge)
        .thenCompose(this::readCards);
  }

  /** Returns the directory of dom0's back ends of a guest. */
  static String dom0BackEnds(int domainId) {
    return "/local/domain/0/backend/vif/" + domainId;
  }

  private static String libxl(int domainId) {
    return "/libxl/" + domainId + "/device/vif";
  }

  private String xapi(int card) {
    return "/xapi/" + uuid + "/private/vif/" + card;
  }

  private static Map<Integer, Integer> merge(Map<Integer, Integer> a, Map<Integer, Integer> b) {
    Map<Integer, Integer> merged = new TreeMap<>(a);
    merged.putAll(b);
    return merged;
  }

  /** Reads which cards a toolstack's directory names, and the domain of each one's back end. */
  private CompletableFuture<Map<Integer, Integer>> named(String directory) {
    return StoreReads.children(store, directory)
        .thenCompose(
            names -> {
              List<CompletableFuture<String>> backEnds = new ArrayList<>();
              for (int card : numbers(names)) {
                backEnds.add(StoreReads.text(store, directory + '/' + card + "/backend"));
              }
              return StoreReads.all(backEnds);
            })
        .thenApply(this::backEndDomains);
  }

  private Map<Integer, Integer> backEndDomains(List<String> paths) {
    Map<Integer, Integer> domains = new TreeMap<>();
    for (String path : paths) {
      Matcher matcher = BACK_END.matcher(path);
      if (matcher.matches() && Integer.parseInt(matcher.group(2)) == domainId) {
        domains.put(Integer.valueOf(matcher.group(3)), Integer.valueOf(matcher.group(1)));
      }
    }
    return domains;
  }

  private CompletableFuture<Map<Integer, Guest.Card>> readCards(Map<Integer, Integer> backEnds) {
    List<CompletableFuture<Map.Entry<Integer, Guest.Card>>> reads = new ArrayList<>();
    backEnds.forEach(
        (card, backEnd) ->
            reads.add(readCard(card, backEnd).thenApply(read -> new Read(card, read).entry())));
    return StoreReads.all(reads)
        .thenApply(
            all -> {
              Map<Integer, Guest.Card> cards = new TreeMap<>();
              all.stream()
                  .filter(entry -> entry != null)
                  .forEach(entry -> cards.put(entry.getKey(), entry.getValue()));
              return cards;
            });
  }

  private record Read(int number, Guest.Card card) {
    Map.Entry<Integer, Guest.Card> entry() {
      return card == null ? null : Map.entry(number, card);
    }
  }

  private CompletableFuture<Guest.Card> readCard(int card, int backEnd) {
    String path = "/local/domain/" + backEnd + "/backend/vif/" + domainId + '/' + card;
    String copy = libxl(domainId) + '/' + card;
    List<String> sources = new ArrayList<>();
    // The toolstack's words before a driver domain's; dom0's back end may be newer than the copy.
    sources.add(backEnd == 0 ? path : copy);
    if (!uuid.isEmpty()) {
      sources.add(xapi(card));
    }
    if (backEnd != 0) {
      sources.add(path);
    }
    return first(sources, "mac")
        .thenCompose(
            mac ->
                first(sources, "bridge")
                    .thenCompose(
                        bridge ->
                            first(sources, "vlan")
                                .thenCompose(
                                    vlan ->
                                        addresses(sources, card)
                                            .thenApply(
                                                addresses ->
                                                    card(
                                                        card, backEnd, mac, bridge, vlan,
                                                        addresses)))));
  }

  private Guest.Card card(
      int number,
      int backEnd,
      String macText,
      String bridge,
      String vlan,
      List<InetAddress> addresses) {
    String mac = macText.toLowerCase(Locale.ROOT);
    String network =
        PeerNodes.printable(bridge)
            + (vlan.isEmpty() ? "" : '.' + PeerNodes.printable(vlan))
            + (backEnd == 0 ? "" : "%" + backEnd);
    boolean usable =
        !bridge.isEmpty()
            && network.length() <= PeerNodes.MAX_NETWORK_LENGTH
            && (PeerNodes.isMac(mac) || !addresses.isEmpty());
    if (!usable) {
      logger.debug("Card {} of domain {} has no bridge or no address", number, domainId);
      return null;
    }
    return new Guest.Card(network, PeerNodes.isMac(mac) ? mac : "", addresses, List.of());
  }

  /** Returns the first of several directories' nodes that is there and not empty. */
  private CompletableFuture<String> first(List<String> directories, String node) {
    CompletableFuture<String> found = CompletableFuture.completedFuture("");
    for (String directory : directories) {
      found =
          found.thenCompose(
              text ->
                  text.isEmpty()
                      ? StoreReads.text(store, directory + '/' + node)
                      : CompletableFuture.completedFuture(text));
    }
    return found;
  }

  private CompletableFuture<List<InetAddress>> addresses(List<String> sources, int card) {
    return first(sources, "ip")
        .thenCompose(
            ip ->
                ip.isEmpty()
                    ? locked(card)
                    : CompletableFuture.completedFuture(IpAddresses.parseAll(ip)));
  }

  /** XAPI's addresses of a card that may use no others. */
  private CompletableFuture<List<InetAddress>> locked(int card) {
    if (uuid.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    return StoreReads.text(store, xapi(card) + "/locking-mode")
        .thenCompose(
            mode ->
                mode.equals("locked")
                    ? StoreReads.text(store, xapi(card) + "/ipv4-allowed")
                        .thenCombine(
                            StoreReads.text(store, xapi(card) + "/ipv6-allowed"),
                            (v4, v6) -> IpAddresses.parseAll(v4 + ' ' + v6))
                    : CompletableFuture.completedFuture(List.of()));
  }

  /** Says whether a change of a node below one of the directories can change a card. */
  static boolean isAbout(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return path.contains("/vif") && (NODES.contains(name) || NUMBER.matcher(name).matches());
  }

  static List<Integer> numbers(List<String> names) {
    return names.stream()
        .filter(name -> NUMBER.matcher(name).matches())
        .map(Integer::valueOf)
        .sorted()
        .toList();
  }
}
