package io.xenshm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.xenshm.sim.SimulatedXen;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulated host as a process of its own. */
class SimProcessTest {
  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void readyHostEndsAtSignalAndLeavesNothing(String signal) throws Exception {
    assumeTrue(DefaultSignals.OBSTACLE == null, DefaultSignals.OBSTACLE);
    Path directory = temporary.resolve("host");
    Process host = start(directory);
    try (BufferedReader output = host.inputReader()) {
      assertEquals("READY", lastLineUntilReady(output));
      assertTrue(Files.isDirectory(directory));

      assertEquals(0, send(signal, host));
      host.waitFor();

      assertFalse(Files.exists(directory), () -> "left behind: " + directory);
    } finally {
      host.destroyForcibly();
    }
  }

  @Test
  void secondHostInTheSameDirectoryIsRefused() throws Exception {
    Path directory = temporary.resolve("host");
    Process host = start(directory);
    try (BufferedReader output = host.inputReader()) {
      assertEquals("READY", lastLineUntilReady(output));

      Process second = start(directory);
      assertEquals(1, second.waitFor());
      List<String> errors = second.errorReader().lines().toList();
      assertTrue(errors.get(errors.size() - 1).contains(directory.toString()), errors::toString);
      assertTrue(host.isAlive());
    } finally {
      host.destroy();
      host.waitFor();
    }
  }

  @Test
  void aGuestOfARunningHostIsSuspendedAndResumedByCommand() throws Exception {
    Path directory = temporary.resolve("host");
    Process host = start(directory);
    try (BufferedReader output = host.inputReader()) {
      assertEquals("READY", lastLineUntilReady(output));
      try (SimulatedXen guest = SimulatedXen.open(directory, 1)) {
        assertEquals(
            0, Main.commandLine().execute("sim", directory.toString(), "--suspend", "1=5"));
        assertTrue(guest.refresh(5, true));
        assertEquals(
            1, Main.commandLine().execute("sim", directory.toString(), "--suspend", "1=6"));
        assertEquals(
            1, Main.commandLine().execute("sim", directory.toString(), "--suspend", "5=2"));
        assertEquals(2, Main.commandLine().execute("sim", directory.toString(), "--suspend", "5"));
      }
    } finally {
      host.destroy();
      host.waitFor();
    }
  }

  private static Process start(Path directory) throws Exception {
    return DefaultSignals.builder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "sim",
            directory.toString(),
            "--domains",
            "3")
        .start();
  }

  private static String lastLineUntilReady(BufferedReader output) throws Exception {
    String line = output.readLine();
    while (line != null && !line.equals("READY")) {
      line = output.readLine();
    }
    return line;
  }

  private static int send(String signal, Process process) throws Exception {
    return new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }
}
