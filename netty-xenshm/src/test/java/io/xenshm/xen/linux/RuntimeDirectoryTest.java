package io.xenshm.xen.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirectoryTest {
  @TempDir Path root;

  private LinuxXenPaths paths() {
    return new FakeMachine(root).paths();
  }

  @Test
  void theAdministratorsDirectoryComesFirst() throws IOException {
    Files.createDirectory(paths().runtime());
    assertEquals(paths().runtime(), RuntimeDirectory.of(paths()));
  }

  @Test
  void withoutItOneIsMadeForAllUsers() throws IOException {
    Files.createDirectory(paths().sharedMemory());
    Path directory = RuntimeDirectory.of(paths());
    assertEquals(paths().sharedMemory().resolve("xenshm"), directory);
    int mode = (Integer) Files.getAttribute(directory, "unix:mode");
    assertEquals(01777, mode & 07777, "writable by all, with the sticky bit");
    assertEquals(directory, RuntimeDirectory.of(paths()), "a second process");
  }

  @Test
  void aLinkThatSomebodyElsePutThereIsRefused() throws IOException {
    Files.createDirectory(paths().sharedMemory());
    Path target = Files.createDirectory(root.resolve("elsewhere"));
    Files.createSymbolicLink(paths().sharedMemory().resolve("xenshm"), target);
    XenException refused = assertThrows(XenException.class, () -> RuntimeDirectory.of(paths()));
    assertTrue(
        refused.getMessage().contains(paths().sharedMemory().resolve("xenshm").toString()),
        refused.getMessage());
  }
}
