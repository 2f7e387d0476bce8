package io.xenshm.examples.demo;

import io.xenshm.examples.TemporaryDirectories;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The directory of one run: the simulated host's files, and those of the processes. */
public final class DemoDirectory implements AutoCloseable {
  private static final long SPARE_BYTES = 64L << 20;
  private static final int FILES_AT_A_TIME = 3;
  private static final int ATTEMPTS = 10;

  private final Path root;

  private DemoDirectory(Path root) {
    this.root = root;
  }

  /**
   * Makes a directory in memory where there is room for it, and otherwise where temporary files
   * are.
   *
   * @param prefix start of its name
   * @param fileBytes size of the file that is transferred
   */
  public static DemoDirectory create(String prefix, long fileBytes) throws IOException {
    long room = FILES_AT_A_TIME * fileBytes + SPARE_BYTES;
    return new DemoDirectory(TemporaryDirectories.inMemory(prefix, room));
  }

  /** Returns the directory at a path where {@link #create} made it. */
  public static DemoDirectory of(Path root) {
    return new DemoDirectory(root);
  }

  /** Returns its path. */
  public Path root() {
    return root;
  }

  /** Returns the simulated host's directory. */
  public Path host() {
    return root.resolve("host");
  }

  /** Removes the directory. Processes that end at this moment may still add files to it. */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (int i = 0; i < ATTEMPTS && Files.exists(root); i++) {
      try {
        delete();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (Files.exists(root)) {
      throw new IOException("cannot remove " + root + "; remove it by hand", failure);
    }
  }

  private void delete() throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(root)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException | UncheckedIOException e) {
      return;
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }
}
