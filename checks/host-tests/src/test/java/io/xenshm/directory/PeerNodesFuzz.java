package io.xenshm.directory;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The texts of the directory: the table's nodes, addresses, explicit peers, neighbours. */
public final class PeerNodesFuzz {
  private static final Path FILE = file();

  private PeerNodesFuzz() {}

  /** One run: the first byte chooses what the rest is. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    switch (input.below(32)) {
      case 0, 1, 2, 3, 4, 5, 6, 7 -> entry(input);
      case 8, 9, 10, 11, 12, 13 -> network(input);
      case 14, 15, 16, 17, 18, 19, 20, 21, 22 -> addresses(input);
      case 23, 24, 25, 26, 27 -> explicit(input);
      default -> neighbours(input.rest());
    }
  }

  private static void entry(FuzzInput input) {
    String node = input.text();
    PeerEntry entry = PeerNodes.entry("bridge", node, input.rest());
    if (entry == null) {
      return;
    }
    check(PeerNodes.isDomain(entry.domainId()), "the domain is one: " + entry.domainId());
    check(entry.mac().isEmpty() || PeerNodes.isMac(entry.mac()), "the MAC address is one");
    check(entry.uuid().isEmpty() || PeerNodes.isUuid(entry.uuid()), "the UUID is one");
    check(isHarmless(entry.name()), "the name disturbs no log");
    PeerTable table = new PeerTable(1, List.of(entry));
    if (entry.address() != null) {
      check(table.lookup(entry.address()) != null, "a lookup has an answer");
      PeerEntry again =
          PeerNodes.entry(
              "bridge",
              PeerNodes.entryNode(entry),
              PeerNodes.value(entry).getBytes(StandardCharsets.UTF_8));
      check(entry.equals(again), "an entry is read as it is written: " + entry + ", " + again);
    }
  }

  private static void network(FuzzInput input) {
    if (input.yes()) {
      String network = PeerNodes.network(new String(input.rest(), StandardCharsets.ISO_8859_1));
      check(network == null || isHarmless(network), "the network's name disturbs no log");
      return;
    }
    String network = PeerNodes.printable(new String(input.rest(), StandardCharsets.UTF_8));
    if (!network.isEmpty() && network.length() <= PeerNodes.MAX_NETWORK_LENGTH) {
      String again = PeerNodes.network(PeerNodes.networkNode(network));
      check(network.equals(again), "a network is read as it is written");
    }
  }

  private static void addresses(FuzzInput input) {
    String text = new String(input.rest(), StandardCharsets.UTF_8);
    InetAddress address = IpAddresses.parse(text);
    check(address == null || address.getAddress().length >= 4, "an address has bytes");
    List<InetAddress> all = IpAddresses.parseAll(text);
    check(all.size() <= 64, "a list is bounded");
    check(
        all.stream().noneMatch(each -> each.isMulticastAddress() || each.isAnyLocalAddress()),
        "an address of a list is a host's");
  }

  private static void explicit(FuzzInput input) {
    try {
      new ExplicitPeers(new String(input.rest(), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      check(e.getMessage().contains(PeerDirectories.PEERS_PROPERTY), "the message names the place");
    }
  }

  private static void neighbours(byte[] file) {
    write(file);
    Neighbours neighbours = new Neighbours(FILE);
    neighbours.macOf(InetAddress.getLoopbackAddress());
    neighbours.addressesOf("00:16:3e:00:00:05");
  }

  private static Path file() {
    try {
      Path file = Files.createTempFile("xenshm-fuzz", "");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(byte[] content) {
    try {
      Files.write(FILE, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isHarmless(String text) {
    return text.chars().noneMatch(Character::isISOControl);
  }
}
