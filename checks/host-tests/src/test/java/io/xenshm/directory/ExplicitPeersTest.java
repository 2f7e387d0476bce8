package io.xenshm.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExplicitPeersTest {

  @Test
  void readsAddressesOfBothKinds() {
    ExplicitPeers peers = new ExplicitPeers(" 10.0.0.5=12, fd00::7=9,[fd00::8]=9,10.0.0.5=12,");
    assertEquals(12, peers.domainOf(IpAddresses.parse("10.0.0.5")));
    assertEquals(9, peers.domainOf(IpAddresses.parse("fd00:0::8")));
    assertNull(peers.domainOf(IpAddresses.parse("10.0.0.6")));
    assertEquals(IpAddresses.parse("fd00::7"), peers.addressOf(9));
    assertNull(peers.addressOf(1));
  }

  @Test
  void nothingIsNoEntry() {
    assertTrue(new ExplicitPeers("").isEmpty());
    assertTrue(new ExplicitPeers(" , ").isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.5",
        "10.0.0.5=",
        "=5",
        "host=5",
        "10.0.0=5",
        "10.0.0.5=x",
        "10.0.0.5=-1",
        "10.0.0.5=32752",
        "10.0.0.5=5=6",
        "10.0.0.5:5"
      })
  void aMalformedEntryIsNamed(String entry) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new ExplicitPeers("10.0.0.1=1," + entry));
    assertTrue(e.getMessage().contains("'" + entry + "' in xenshm.peers"), e.getMessage());
  }

  @Test
  void anAddressWithTwoDomainsIsMalformed() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new ExplicitPeers("10.0.0.1=1,10.0.0.1=2"));
    assertTrue(e.getMessage().contains("'10.0.0.1=2'"), e.getMessage());
  }
}
