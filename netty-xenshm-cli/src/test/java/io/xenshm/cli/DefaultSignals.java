package io.xenshm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Processes that SIGINT and SIGTERM end, whatever this one inherited. A shell has the jobs that it
 * starts in the background ignore SIGINT; processes inherit that, and a JVM keeps it.
 */
final class DefaultSignals {
  /** Option of env since coreutils 8.31. */
  private static final List<String> RESET = List.of("env", "--default-signal=INT,TERM");

  private static final long INT_AND_TERM = (1L << (2 - 1)) | (1L << (15 - 1));

  private static final boolean CAN_RESET = succeeds(RESET, "true");

  /** Why such a signal may not end a process here; {@code null} where it does. */
  static final String OBSTACLE =
      CAN_RESET || (ignored() & INT_AND_TERM) == 0
          ? null
          : "SIGINT or SIGTERM is ignored here, which this machine's env cannot change: run the"
              + " tests in the foreground, or install coreutils 8.31 or newer";

  private DefaultSignals() {}

  /** Returns what starts a command with the default action for both where that can be had. */
  static ProcessBuilder builder(String... command) {
    List<String> all = new ArrayList<>(CAN_RESET ? RESET : List.of());
    all.addAll(List.of(command));
    return new ProcessBuilder(all);
  }

  private static boolean succeeds(List<String> launcher, String command) {
    List<String> all = new ArrayList<>(launcher);
    all.add(command);
    try {
      return new ProcessBuilder(all).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Returns the signals that this process ignores: bit n - 1 stands for signal n. */
  private static long ignored() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("SigIgn:"))
          .mapToLong(line -> Long.parseUnsignedLong(line.split("\\s+", 2)[1], 16))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
