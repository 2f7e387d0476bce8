package io.xenshm.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.directory.Peer;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XenShmPeersTest {
  private static final int DOMAIN = 7;
  private static final String UUID = "4f5c2a10-0d3e-4b57-9a41-7e0f6f1f2a33";
  private static final String OTHER_UUID = "4f5c2a10-0d3e-4b57-9a41-7e0f6f1f2a34";
  private static final Peer KNOWN = new Peer(DOMAIN, "net", UUID, "web1");
  private static final Peer NAMELESS = new Peer(DOMAIN, "net", "", "");
  private static final List<String> NAMES = List.of("uuid:" + UUID, "name:web1", "domain:7");
  private static final List<String> OTHER_NAMES =
      List.of("uuid:" + OTHER_UUID, "name:web2", "domain:8");

  @AfterEach
  void forgetProperties() {
    System.clearProperty(XenShmPeers.ALLOW_PROPERTY);
    System.clearProperty(XenShmPeers.DENY_PROPERTY);
  }

  @Test
  void allAreAllowedAtFirst() {
    assertTrue(XenShmPeers.ALL.admit(DOMAIN, KNOWN));
    assertTrue(XenShmPeers.ALL.admit(DOMAIN, null));
    assertFalse(XenShmPeers.ALL.needTheTable());
  }

  @Test
  void anAllowedGuestIsAdmittedByEachOfItsNamesAndOthersAreNot() {
    for (String name : NAMES) {
      assertTrue(XenShmPeers.ALL.allow(name).admit(DOMAIN, KNOWN), name);
    }
    for (String name : OTHER_NAMES) {
      assertFalse(XenShmPeers.ALL.allow(name).admit(DOMAIN, KNOWN), name);
    }
    assertFalse(XenShmPeers.ALL.allow().admit(DOMAIN, KNOWN));
  }

  @Test
  void aDeniedGuestIsKeptOutByEachOfItsNamesAlsoIfItIsAllowed() {
    for (String name : NAMES) {
      assertFalse(XenShmPeers.ALL.deny(name).admit(DOMAIN, KNOWN), name);
      assertFalse(XenShmPeers.ALL.deny(name).allow("domain:7").admit(DOMAIN, KNOWN), name);
    }
    for (String name : OTHER_NAMES) {
      assertTrue(XenShmPeers.ALL.deny(name).admit(DOMAIN, KNOWN), name);
    }
  }

  @Test
  void aDomainOfWhichTheTableTellsNothingMayBeTheDeniedOne() {
    for (Peer unknown : new Peer[] {null, NAMELESS}) {
      assertFalse(XenShmPeers.ALL.deny("uuid:" + OTHER_UUID).admit(DOMAIN, unknown));
      assertFalse(XenShmPeers.ALL.deny("name:web2").admit(DOMAIN, unknown));
      assertTrue(XenShmPeers.ALL.deny("domain:8").admit(DOMAIN, unknown));
      assertFalse(XenShmPeers.ALL.allow("uuid:" + UUID).admit(DOMAIN, unknown));
      assertFalse(XenShmPeers.ALL.allow("name:web1").admit(DOMAIN, unknown));
      assertTrue(XenShmPeers.ALL.allow("domain:7").admit(DOMAIN, unknown));
    }
  }

  @Test
  void theCaseOfAUuidDoesNotMatter() {
    assertFalse(XenShmPeers.ALL.deny("uuid:" + UUID.toUpperCase(Locale.ROOT)).admit(DOMAIN, KNOWN));
  }

  @Test
  void onlyNamesAndUuidsNeedTheTable() {
    assertFalse(XenShmPeers.ALL.allow("domain:7").deny("domain:8").needTheTable());
    assertTrue(XenShmPeers.ALL.deny("name:a").needTheTable());
    assertTrue(XenShmPeers.ALL.allow("uuid:" + UUID).needTheTable());
  }

  @Test
  void theConfigurationIsReadFromTheProperties() {
    System.setProperty(XenShmPeers.ALLOW_PROPERTY, " domain:7 , name:a web server,");
    System.setProperty(XenShmPeers.DENY_PROPERTY, "uuid:" + OTHER_UUID);
    assertEquals(
        XenShmPeers.ALL.allow("domain:7", "name:a web server").deny("uuid:" + OTHER_UUID),
        XenShmPeers.configured());
  }

  @Test
  void noConfigurationAllowsAll() {
    System.setProperty(XenShmPeers.ALLOW_PROPERTY, " ");
    assertEquals(XenShmPeers.ALL, XenShmPeers.configured());
  }

  @Test
  void noneAllowsNobodyUntilOthersAreNamed() {
    System.setProperty(XenShmPeers.ALLOW_PROPERTY, "none");
    assertEquals(XenShmPeers.ALL.allow(), XenShmPeers.configured());
    assertFalse(XenShmPeers.configured().admit(DOMAIN, KNOWN));

    System.setProperty(XenShmPeers.ALLOW_PROPERTY, "none, name:web1");
    assertEquals(XenShmPeers.ALL.allow("name:web1"), XenShmPeers.configured());
  }

  @Test
  void noneIsNobodyToDeny() {
    System.setProperty(XenShmPeers.DENY_PROPERTY, "none");
    assertThrows(IllegalArgumentException.class, XenShmPeers::configured);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "7",
        "web1",
        "name:",
        "domain:",
        "domain:-1",
        "domain:32752",
        "domain:seven",
        "uuid:4f5c2a10",
        "UUID:4f5c2a10-0d3e-4b57-9a41-7e0f6f1f2a33",
        "uuid:4f5c2a10-0d3e-4b57-9a41-7e0f6f1f2a3g"
      })
  void whatNamesNoGuestIsRefusedWithAnExample(String guest) {
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, () -> XenShmPeers.ALL.deny(guest));
    assertTrue(
        failure.getMessage().contains("'" + guest + "'")
            && failure.getMessage().contains("domain:12"),
        failure.getMessage());
  }

  @Test
  void aMalformedConfigurationNamesThePropertyAndTheEntry() {
    System.setProperty(XenShmPeers.DENY_PROPERTY, "domain:7,web1");
    IllegalArgumentException failure =
        assertThrows(IllegalArgumentException.class, XenShmPeers::configured);
    assertTrue(
        failure.getMessage().contains("'web1' in " + XenShmPeers.DENY_PROPERTY),
        failure.getMessage());
  }
}
