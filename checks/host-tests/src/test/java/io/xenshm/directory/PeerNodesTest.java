package io.xenshm.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PeerNodesTest {
  private static final String UUID = "0f5ab4f6-1d27-4c71-8c60-8a1d6e2f0001";
  private static final String MAC = "00:16:3e:00:00:05";

  private static PeerEntry entry(String address) {
    return new PeerEntry(
        "xenbr0", address == null ? null : IpAddresses.parse(address), MAC, 5, UUID, "web 1 ö");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.5", "255.255.255.255", "fd00::5", "fe80::216:3eff:fe00:5"})
  void anEntryIsReadAsItWasWritten(String address) {
    PeerEntry entry = entry(address);
    assertEquals(entry, readBack(entry));
    assertTrue(PeerNodes.entryNode(entry).matches("[A-Za-z0-9_-]+"));
  }

  @Test
  void whatIsUnknownStaysUnknown() {
    assertEquals(entry(null), readBack(entry(null)));
    PeerEntry bare = new PeerEntry("xenbr0", IpAddresses.parse("10.0.0.5"), "", 5, "", "");
    assertEquals(bare, readBack(bare));
  }

  private static PeerEntry readBack(PeerEntry entry) {
    byte[] value = PeerNodes.value(entry).getBytes(StandardCharsets.UTF_8);
    return PeerNodes.entry(entry.network(), PeerNodes.entryNode(entry), value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"xenbr0", "br0.100", "br_0", "xenbr0%7", "ovs-br", "brücke", "a@b"})
  void aNetworksNameIsReadAsItWasWritten(String network) {
    String node = PeerNodes.networkNode(network);
    assertTrue(node.matches("[A-Za-z0-9_-]+"), node);
    assertEquals(network, PeerNodes.network(node));
    assertEquals(network, PeerNodes.network(node + "@2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "_", "_4", "_zz", "@2", "a@", "a@b", "a b", "a/b"})
  void aMalformedNetworkIsNone(String node) {
    assertNull(PeerNodes.network(node));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1 5",
        "1 5 -",
        "2 5 - - web",
        "1 99999 - - web",
        "1 32752 - - web",
        "1 -5 - - web",
        "1 5 not-a-uuid - web",
        "1 5 - 00:16:3e web",
        "1 5 - 00:16:3E:00:00:05 web",
        "1  5 - - web"
      })
  void aMalformedValueIsNoEntry(String value) {
    assertNull(PeerNodes.entry("n", "10-0-0-5", value.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10-0-0", "10-0-0-256", "10.0.0.5", "fd00_5", "mac-00163e", "x"})
  void aMalformedNodeIsNoEntry(String node) {
    assertNull(PeerNodes.entry("n", node, "1 5 - - web".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void aValueThatIsTooLongIsNoEntry() {
    byte[] value = ("1 5 - - " + "x".repeat(3000)).getBytes(StandardCharsets.UTF_8);
    assertNull(PeerNodes.entry("n", "10-0-0-5", value));
  }

  @Test
  void namesCannotDisturbATerminal() {
    byte[] value = "1 5 - - a\u001b[2Jb\nc\u202ed".getBytes(StandardCharsets.UTF_8);
    assertEquals("a?[2Jb?c?d", PeerNodes.entry("n", "10-0-0-5", value).name());
  }

  @Test
  void randomBytesNeverThrow() {
    Random random = new Random(4);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      if (bytes.length > 4 && random.nextBoolean()) {
        System.arraycopy("1 5 ".getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, 4);
      }
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      PeerNodes.network(text);
      PeerEntry entry = PeerNodes.entry("n", random.nextBoolean() ? text : "10-0-0-5", bytes);
      assertFalse(entry != null && !PeerNodes.isDomain(entry.domainId()));
    }
  }
}
