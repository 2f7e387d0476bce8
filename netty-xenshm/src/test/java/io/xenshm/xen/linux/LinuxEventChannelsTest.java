package io.xenshm.xen.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxEventChannelsTest {
  @TempDir Path root;

  /** On a pipe, ports that are unmasked come back as pending ones. */
  private LinuxEventChannels onPipe() throws IOException {
    return LinuxEventChannels.open(
        new FakeMachine(root).pipe(XenDeviceKind.EVTCHN).paths(), closed -> {});
  }

  @Test
  void nothingPendingIsNoError() throws IOException {
    try (LinuxEventChannels channels = onPipe()) {
      assertEquals(0, channels.poll(new int[4]));
    }
  }

  @Test
  void portsAreReadAndWrittenAsU32s() throws IOException {
    try (LinuxEventChannels channels = onPipe()) {
      channels.unmask(new int[] {5, 70_000, 9}, 2);
      int[] ports = new int[4];
      assertEquals(2, channels.poll(ports));
      assertArrayEquals(new int[] {5, 70_000, 0, 0}, ports);
    }
  }

  @Test
  void noMorePortsAreTakenThanThereIsRoomFor() throws IOException {
    try (LinuxEventChannels channels = onPipe()) {
      channels.unmask(new int[] {1, 2, 3}, 3);
      int[] ports = new int[2];
      assertEquals(2, channels.poll(ports));
      assertEquals(1, channels.poll(ports));
      assertEquals(3, ports[0]);
    }
  }

  @Test
  void aFailedBindNamesDomainAndPort() throws IOException {
    try (LinuxEventChannels channels = onPipe()) {
      XenException failed = assertThrows(XenException.class, () -> channels.bindInterdomain(3, 17));
      assertTrue(failed.getMessage().contains("port 17 of domain 3"), failed.getMessage());
    }
  }

  @Test
  void closedChannelsRefuseAndCloseAgainWithoutEffect() throws IOException {
    LinuxEventChannels channels = onPipe();
    channels.close();
    channels.close();
    XenException failed = assertThrows(XenException.class, () -> channels.notify(1));
    assertTrue(failed.getMessage().contains("was closed"), failed.getMessage());
    assertThrows(XenException.class, () -> channels.poll(new int[1]));
  }
}
