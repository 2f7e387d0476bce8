package io.xenshm.xen.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.posix.Posix;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxXenProbeTest {
  @TempDir Path root;
  private FakeMachine machine;

  @BeforeEach
  void makeMachine() {
    machine = new FakeMachine(root);
  }

  private void assertCause(String... parts) {
    XenException cause = LinuxXenProbe.of(machine.paths()).unavailabilityCause().orElseThrow();
    for (String part : parts) {
      assertTrue(cause.getMessage().contains(part), cause.getMessage() + " should name " + part);
    }
  }

  @Test
  void aMachineWithoutHypervisorIsToldToUseTheSimulation() {
    assertCause("not a guest of Xen", root.resolve("hypervisor/type").toString(), "sim:DIR");
  }

  @Test
  void anotherHypervisorIsNamed() throws IOException {
    machine.hypervisor("kvm");
    assertCause("'kvm'");
  }

  /** As on arm64 with pages of 64 KiB. */
  @Test
  void pagesOfAnotherSizeAreNamedWithWhatToDo() throws IOException {
    machine.hypervisor("xen").allDevices();
    String text =
        LinuxXenProbe.of(machine.paths(), 65536).unavailabilityCause().orElseThrow().getMessage();
    assertTrue(text.contains("65536 bytes") && text.contains("4096"), text);
    assertTrue(text.contains("boot a kernel") && text.contains("TCP"), text);
  }

  @Test
  void aMissingModuleIsNamedWithTheCommandThatLoadsIt() throws IOException {
    machine.hypervisor("xen").device(XenDeviceKind.GNTDEV);
    assertCause(root.resolve("dev/gntalloc").toString(), "modprobe xen-gntalloc");
    machine.device(XenDeviceKind.GNTALLOC);
    assertCause(root.resolve("dev/evtchn").toString(), "modprobe xen-evtchn");
  }

  @Test
  void aMissingXenStoreDeviceIsNamed() throws IOException {
    machine.hypervisor("xen").allDevices();
    Files.delete(machine.paths().device(XenDeviceKind.XENBUS));
    assertCause(root.resolve("dev/xenbus").toString());
  }

  @Test
  void aXenStoreSocketWithoutDaemonIsNamed() throws IOException {
    machine.hypervisor("xen").allDevices();
    Files.createDirectories(root.resolve("xenstored"));
    Files.writeString(root.resolve("xenstored/socket"), "");
    assertCause(root.resolve("xenstored/socket").toString(), "xenstored or oxenstored");
  }

  @Test
  void nothingIsMissingOnACompleteMachine() throws IOException {
    machine.hypervisor("xen").allDevices().limit(XenDeviceKind.GNTALLOC, "1024");
    LinuxXenProbe probe = LinuxXenProbe.of(machine.paths());
    assertEquals(Optional.empty(), probe.unavailabilityCause());
    assertTrue(
        probe.findings().stream().anyMatch(finding -> finding.text().contains("1024 pages")),
        probe.findings().toString());
  }

  @Test
  void noPermissionIsAnsweredWithTheUdevRule() {
    String text = XenDevice.reason(XenDeviceKind.GNTDEV, Posix.EACCES, "");
    assertTrue(text.contains("xenshm doctor") && text.contains("udev"), text);
  }

  @Test
  void theBackEndDoesNotOpenWhereSomethingIsMissing() {
    XenException refused =
        assertThrows(XenException.class, () -> LinuxXen.open(machine.paths()).close());
    assertTrue(refused.getMessage().contains("not a guest of Xen"), refused.getMessage());
  }
}
