package io.xenshm.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The machine that is measured on. */
final class Machine {
  private Machine() {}

  /** Returns what a reader of figures wants to know of it. */
  static List<String> describe() {
    Runtime.Version java = Runtime.version();
    return List.of(
        "processor: %d x %s".formatted(Runtime.getRuntime().availableProcessors(), processorName()),
        "kernel: %s %s".formatted(System.getProperty("os.name"), System.getProperty("os.version")),
        "Java: %s, %s".formatted(java, System.getProperty("java.vm.name")),
        "load before the run: %s"
            .formatted(
                String.format(
                    Locale.ROOT,
                    "%.1f",
                    ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage())));
  }

  private static String processorName() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).trim())
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
