package io.xenshm.bench;

import io.xenshm.bench.Results.Subject;
import java.io.IOException;
import java.util.Locale;

/**
 * Compares with the Unix domain socket of the same run, and finds a collapse: machines differ, and
 * a busy one has bad moments, so less than half of what a socket does is the least that counts.
 */
final class RelativeCheck {
  private static final double COLLAPSE = 0.5;

  private RelativeCheck() {}

  /**
   * Prints the ratios.
   *
   * @throws IOException if one of them is that of a collapse
   */
  static void verify(Results results) throws IOException {
    boolean collapsed = false;
    for (int size : results.parameters(Benchmark.STREAM)) {
      double ratio =
          value(results, Benchmark.STREAM, Transport.XENSHM, size, Metric.MEGABYTES_PER_SECOND)
              / value(results, Benchmark.STREAM, Transport.UDS, size, Metric.MEGABYTES_PER_SECOND);
      collapsed |= report("stream of " + size + " B, throughput", ratio);
    }
    for (int size : results.parameters(Benchmark.PING)) {
      double ratio =
          value(results, Benchmark.PING, Transport.UDS, size, Metric.P50)
              / value(results, Benchmark.PING, Transport.XENSHM, size, Metric.P50);
      collapsed |= report("round trip of " + size + " B, speed", ratio);
    }
    if (collapsed) {
      throw new IOException(
          "less than "
              + COLLAPSE
              + " of what a Unix domain socket does in the same run; look for what changed, or run"
              + " it again on a machine that does nothing else");
    }
  }

  private static boolean report(String what, double ratio) {
    System.out.printf(Locale.ROOT, "%s: %.2f of the Unix domain socket's%n", what, ratio);
    return !(ratio >= COLLAPSE);
  }

  private static double value(
      Results results, Benchmark benchmark, Transport transport, int size, Metric metric) {
    return results
        .median(new Subject(benchmark, transport.label(), size), metric)
        .orElse(Double.NaN);
  }
}
