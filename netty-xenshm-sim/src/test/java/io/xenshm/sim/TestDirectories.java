package io.xenshm.sim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories for simulated hosts in tests. */
public final class TestDirectories {
  private static final Path TMPFS = Path.of("/dev/shm");

  private TestDirectories() {}

  /** Makes an empty directory, on a tmpfs where there is one. A host's close removes it. */
  public static Path create() throws IOException {
    return Files.isWritable(TMPFS)
        ? Files.createTempDirectory(TMPFS, "xenshm-test-")
        : Files.createTempDirectory("xenshm-test-");
  }
}
