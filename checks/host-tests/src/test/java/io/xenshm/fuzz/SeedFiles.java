package io.xenshm.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The seeds in this module's resources: a directory for each target, named as its class. */
final class SeedFiles {
  private static final Path ROOT = Path.of("src/test/resources/fuzz");

  private SeedFiles() {}

  static List<Path> of(String target) {
    Path directory = ROOT.resolve(target.substring(target.lastIndexOf('.') + 1));
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
