package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.TemporaryDirectories;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A program that uses the library, compiled and run as its users do, without any flag of Java. */
@Timeout(120)
class ProgramOfItsOwnTest {
  private static final Path SOURCES = Path.of("src/test/resources/probe");
  private static final int PATIENCE_SECONDS = 60;
  private static final long ROOM = 16L << 20;

  /** What a program needs: the library, the simulated host, Netty, Agrona. */
  private static final List<String> NEEDED = List.of("netty-", "agrona-");

  private static final List<String> NOT_NEEDED =
      List.of("netty-xenshm-examples", "netty-xenshm-cli");

  @TempDir private Path classes;

  @BeforeEach
  void compile() {
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-d",
                classes.toString(),
                "--module-path",
                library(),
                SOURCES.resolve("module-info.java").toString(),
                SOURCES.resolve("probe/Main.java").toString());
    assertEquals(0, result, "the program does not compile against " + library());
  }

  @Test
  void runsFromTheModulePath() throws Exception {
    List<String> output = run("--module-path", withLibrary(), "--module", "probe/probe.Main");
    assertAnswered(output, "module probe module io.xenshm");
  }

  @Test
  void runsFromTheClassPath() throws Exception {
    List<String> output = run("-cp", withLibrary(), "probe.Main");
    assertAnswered(output, "unnamed module");
    assertTrue(
        output.stream().filter(line -> line.contains("restricted method")).count() <= 1,
        () -> String.join("\n", output));
  }

  @Test
  void isSilentWhereNativeAccessIsAllowed() throws Exception {
    List<String> output =
        run("--enable-native-access=ALL-UNNAMED", "-cp", withLibrary(), "probe.Main");
    assertEquals(1, output.size(), () -> String.join("\n", output));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void runsWithAndWithoutUnsafe(boolean noUnsafe) throws Exception {
    List<String> output =
        run("-Dio.netty.noUnsafe=" + noUnsafe, "-cp", withLibrary(), "probe.Main");
    assertAnswered(output, "unnamed module");
  }

  private static void assertAnswered(List<String> output, String modules) {
    assertTrue(
        output.stream()
            .anyMatch(line -> line.startsWith("ECHO 42 SHARED_MEMORY") && line.contains(modules)),
        () -> String.join("\n", output));
  }

  private static String library() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(path -> path.endsWith(".jar") && isNeeded(Path.of(path).getFileName().toString()))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static boolean isNeeded(String jar) {
    return NEEDED.stream().anyMatch(jar::startsWith)
        && NOT_NEEDED.stream().noneMatch(jar::startsWith)
        && !jar.endsWith("-tests.jar");
  }

  private String withLibrary() {
    return classes + File.pathSeparator + library();
  }

  private static List<String> run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(arguments));
    Path host = TemporaryDirectories.inMemory("xenshm-test-", ROOM).resolve("host");
    command.add(host.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the program does not end");
      assertEquals(0, process.exitValue(), output);
      return output.lines().toList();
    } finally {
      process.destroyForcibly();
      try (Stream<Path> left = Files.list(host.getParent())) {
        assertEquals(0, left.count(), "the program left files");
      }
      Files.delete(host.getParent());
    }
  }
}
