package io.xenshm.examples.demo;

import java.io.PrintStream;
import java.util.Locale;

/** Prints what was measured on both paths. */
final class ResultTable {
  private static final String ROW = "%-14s %11s %9s %9s   %-14s %s%n";

  private ResultTable() {}

  static void print(PrintStream out, Measurement sharedMemory, Measurement tcp) {
    out.println();
    out.printf(ROW, "path", "bytes", "seconds", "MB/s", "digests equal", "echo round trip");
    print(out, sharedMemory);
    print(out, tcp);
    out.println();
    out.printf(
        Locale.ROOT,
        "transfer over shared memory: %.1f times the throughput of TCP loopback%n",
        sharedMemory.transfer().megabytesPerSecond() / tcp.transfer().megabytesPerSecond());
    out.flush();
  }

  private static void print(PrintStream out, Measurement measurement) {
    out.printf(
        ROW,
        measurement.transfer().path(),
        measurement.transfer().bytes(),
        format("%.3f", measurement.transfer().nanos() / 1e9),
        format("%.0f", measurement.transfer().megabytesPerSecond()),
        measurement.transfer().digestsEqual() ? "yes" : "NO",
        format("%.1f \u00b5s", measurement.echo().medianNanos() / 1e3));
  }

  private static String format(String form, double value) {
    return String.format(Locale.ROOT, form, value);
  }
}
