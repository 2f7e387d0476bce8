package io.xenshm.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.TestFactory;

/** The seeds of the fuzz targets, among them what was found once, as ordinary tests. */
final class FuzzSeedsTest {

  @TestFactory
  Stream<DynamicContainer> eachSeedRunsWithoutAFinding() {
    return Fuzzing.targets().stream()
        .map(target -> dynamicContainer(target, seeds(target).map(seed -> test(target, seed))));
  }

  private static Stream<Path> seeds(String target) {
    List<Path> seeds = SeedFiles.of(target);
    assertFalse(seeds.isEmpty(), target + " has no seeds");
    return seeds.stream();
  }

  private static org.junit.jupiter.api.DynamicTest test(String target, Path seed) {
    return dynamicTest(
        seed.getFileName().toString(), () -> run(target).invoke(Files.readAllBytes(seed)));
  }

  private static MethodHandle run(String target) throws ReflectiveOperationException {
    return MethodHandles.publicLookup()
        .findStatic(
            Class.forName(target),
            "fuzzerTestOneInput",
            MethodType.methodType(void.class, byte[].class));
  }
}
