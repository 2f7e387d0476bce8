package io.xenshm.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories for a short time. */
public final class TemporaryDirectories {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private TemporaryDirectories() {}

  /**
   * Makes a directory in memory where there is room, and otherwise where temporary files are.
   *
   * @param room number of bytes that its files may have
   */
  public static Path inMemory(String prefix, long room) throws IOException {
    boolean fits =
        Files.isWritable(SHARED_MEMORY)
            && Files.getFileStore(SHARED_MEMORY).getUsableSpace() > room;
    Path parent = fits ? SHARED_MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
    return Files.createTempDirectory(parent, prefix);
  }
}
