package io.xenshm.xen.linux;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxGrantTableTest {
  private static final int OWN_DOMAIN = 7;

  @TempDir Path root;

  private LinuxGrantTable table() throws IOException {
    return new LinuxGrantTable(new FakeMachine(root).allDevices().paths(), OWN_DOMAIN);
  }

  @Test
  void aFailedGrantNamesDeviceAndDomain() throws IOException {
    try (LinuxGrantTable table = table()) {
      XenException failed = assertThrows(XenException.class, () -> table.grant(3, 5));
      assertTrue(
          failed.getMessage().contains("cannot grant 5 pages to domain 3")
              && failed.getMessage().contains(root.resolve("dev/gntalloc").toString()),
          failed.getMessage());
    }
  }

  @Test
  void aFailedMapNamesDeviceAndDomain() throws IOException {
    try (LinuxGrantTable table = table()) {
      XenException failed = assertThrows(XenException.class, () -> table.map(3, 8, 9));
      assertTrue(
          failed.getMessage().contains("cannot map 2 pages of domain 3")
              && failed.getMessage().contains(root.resolve("dev/gntdev").toString()),
          failed.getMessage());
    }
  }

  @Test
  void theReachedLimitIsToldWithItsFileItsValueAndThePagesAskedFor() throws IOException {
    new FakeMachine(root).limit(XenDeviceKind.GNTALLOC, "1024");
    try (LinuxGrantTable table = table()) {
      String text = table.grantLimitReached(3, 65).getMessage();
      assertTrue(
          text.contains("65 pages")
              && text.contains(root.resolve("modules/xen_gntalloc/parameters/limit") + " is 1024"),
          text);
    }
  }

  @Test
  void theOwnDomainIsNoPeer() throws IOException {
    try (LinuxGrantTable table = table()) {
      assertThrows(XenException.class, () -> table.grant(OWN_DOMAIN, 1));
      assertThrows(XenException.class, () -> table.map(OWN_DOMAIN, 1));
    }
  }

  @Test
  void aNumberThatWouldBeCutToAnotherDomainsIsRefused() throws IOException {
    try (LinuxGrantTable table = table()) {
      assertThrows(XenException.class, () -> table.grant(0x10003, 1));
      assertThrows(XenException.class, () -> table.grant(-1, 1));
    }
  }

  @Test
  void aClosedTableRefuses() throws IOException {
    LinuxGrantTable table = table();
    table.close();
    XenException failed = assertThrows(XenException.class, () -> table.grant(3, 1));
    assertTrue(failed.getMessage().contains("was closed"), failed.getMessage());
  }
}
