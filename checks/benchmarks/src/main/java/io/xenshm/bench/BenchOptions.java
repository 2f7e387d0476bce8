package io.xenshm.bench;

import io.xenshm.examples.Arguments;
import io.xenshm.examples.UsageException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the user wants to be measured.
 *
 * @param quick whether few bytes and few rounds are enough
 * @param check whether only the collapse of a ratio is looked for
 * @param rounds how often each measurement is repeated
 * @param ringSize bytes of a connection's rings, 0 for the default
 * @param transports what is compared
 * @param benchmarks what is measured
 * @param report where the page is written
 */
record BenchOptions(
    boolean quick,
    boolean check,
    int rounds,
    int ringSize,
    Set<Transport> transports,
    Set<Benchmark> benchmarks,
    Path report) {
  static final String USAGE =
      "use bench [--quick] [--check] [--only NAME,...] [--rounds N] [--ring-size BYTES]"
          + " [--report FILE]";

  private static final int ROUNDS = 5;
  private static final int QUICK_ROUNDS = 1;
  private static final int CHECK_ROUNDS = 3;
  private static final int FULL_WARM_UPS = 2;
  private static final String DEFAULT_REPORT =
      System.getProperty("xenshm.bench.report", "bench-report.html");

  /**
   * Reads a command line.
   *
   * @throws UsageException if it is wrong
   */
  static BenchOptions parse(String[] args) throws UsageException {
    boolean quick = false;
    boolean check = false;
    int rounds = 0;
    int ringSize = 0;
    Path report = Path.of(DEFAULT_REPORT);
    Set<Transport> transports = EnumSet.noneOf(Transport.class);
    Set<Benchmark> benchmarks = EnumSet.noneOf(Benchmark.class);
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--quick" -> quick = true;
        case "--check" -> check = true;
        case "--rounds" -> rounds = Arguments.count(valueOf(args, i++));
        case "--ring-size" -> ringSize = ringSize(valueOf(args, i++));
        case "--report" -> report = Path.of(valueOf(args, i++));
        case "--only" -> only(valueOf(args, i++), transports, benchmarks);
        default -> throw new UsageException("'" + args[i] + "' is no option: " + USAGE);
      }
    }
    if (rounds == 0) {
      rounds = check ? CHECK_ROUNDS : quick ? QUICK_ROUNDS : ROUNDS;
    }
    return new BenchOptions(
        quick,
        check,
        rounds,
        ringSize,
        transports.isEmpty() ? transportsOf(check) : transports,
        benchmarks.isEmpty() ? benchmarksOf(check) : benchmarks,
        report);
  }

  private static Set<Transport> transportsOf(boolean check) {
    return check
        ? EnumSet.of(Transport.XENSHM, Transport.UDS)
        : EnumSet.complementOf(EnumSet.of(Transport.XENSHM_TCP));
  }

  private static Set<Benchmark> benchmarksOf(boolean check) {
    return check ? EnumSet.of(Benchmark.STREAM, Benchmark.PING) : EnumSet.allOf(Benchmark.class);
  }

  /** How much a round measures. */
  Amounts amounts() {
    if (check) {
      return Amounts.CHECK;
    }
    return quick ? Amounts.QUICK : Amounts.FULL;
  }

  /** How often everything is run before it is measured. */
  int warmUps() {
    return quick || check ? 1 : FULL_WARM_UPS;
  }

  private static String valueOf(String[] args, int option) throws UsageException {
    if (option + 1 >= args.length) {
      throw new UsageException(args[option] + " needs a value: " + USAGE);
    }
    return args[option + 1];
  }

  private static int ringSize(String text) throws UsageException {
    int size = Arguments.count(text);
    if (Integer.bitCount(size) != 1 || size < 4096 || size > 1 << 20) {
      throw new UsageException("'" + text + "' is no ring size: a power of two, 4096 to 1048576");
    }
    return size;
  }

  private static void only(String names, Set<Transport> transports, Set<Benchmark> benchmarks)
      throws UsageException {
    for (String name : names.split(",", -1)) {
      var transport = Transport.of(name);
      var benchmark = Benchmark.of(name);
      transport.ifPresent(transports::add);
      benchmark.ifPresent(benchmarks::add);
      if (transport.isEmpty() && benchmark.isEmpty()) {
        String all =
            Stream.concat(
                    Arrays.stream(Benchmark.values()).map(Benchmark::label),
                    Arrays.stream(Transport.values()).map(Transport::label))
                .collect(Collectors.joining(", "));
        throw new UsageException("'" + name + "' is neither a benchmark nor a transport: " + all);
      }
    }
  }
}
