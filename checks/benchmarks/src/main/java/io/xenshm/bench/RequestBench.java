package io.xenshm.bench;

import io.xenshm.examples.Arguments;
import io.xenshm.examples.UsageException;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.demo.Children;
import io.xenshm.examples.demo.DemoDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Measures requests and responses of many connections at once over several event loops, beside
 * Netty's epoll transport, and counts how often a limit for hostile peers was reached: the limits
 * are those that a program has by default.
 */
final class RequestBench implements AutoCloseable {
  static final String USAGE =
      "use bench requests [--connections N] [--loops N] [--count N] [--rounds N] [--grant-pages N]";

  /** System property of the measured processes: how many event loops they have. */
  private static final String LOOPS_PROPERTY = "xenshm.bench.loops";

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SIZE = 64;
  private static final List<Transport> TRANSPORTS = List.of(Transport.EPOLL, Transport.XENSHM);

  private final DemoDirectory directory;
  private final Children children = new Children();
  private int connections = 64;
  private int loops = 4;
  private int count = 2000;
  private int rounds = 5;
  private int grantedPages = 8192;

  private RequestBench() throws IOException {
    directory = DemoDirectory.create("xenshm-requests-", 0);
  }

  static void run(String[] args) throws UsageException, IOException, InterruptedException {
    try (RequestBench bench = new RequestBench()) {
      bench.parse(args);
      Runtime.getRuntime().addShutdownHook(new Thread(bench::closeQuietly, "request bench end"));
      bench.measure();
    }
  }

  private void parse(String[] args) throws UsageException {
    for (int i = 0; i < args.length; i += 2) {
      if (i + 1 == args.length) {
        throw new UsageException("'" + args[i] + "' has no value: " + USAGE);
      }
      int value = Arguments.count(args[i + 1]);
      switch (args[i]) {
        case "--connections" -> connections = value;
        case "--loops" -> loops = value;
        case "--count" -> count = value;
        case "--rounds" -> rounds = value;
        case "--grant-pages" -> grantedPages = value;
        default -> throw new UsageException("'" + args[i] + "' is no option: " + USAGE);
      }
    }
  }

  private void measure() throws IOException, InterruptedException {
    Machine.describe().forEach(System.out::println);
    startHost();
    List<List<String>> rows = new ArrayList<>();
    List<Pair> pairs = new ArrayList<>();
    List<Histogram> times = new ArrayList<>();
    long[] nanos = new long[TRANSPORTS.size()];
    for (Transport transport : TRANSPORTS) {
      pairs.add(
          Pair.start(transport, List.of("-D" + LOOPS_PROPERTY + "=" + loops), directory, children));
      times.add(null);
    }
    for (int round = 0; round <= rounds; round++) {
      for (int i = 0; i < pairs.size(); i++) {
        Answer answer =
            pairs.get(i).measure("requests %d %d %d".formatted(SIZE, connections, count)).answer();
        if (round == 0) {
          continue; // compiles
        }
        Histogram measured = Round.decode(answer.text("histogram"));
        if (times.get(i) == null) {
          times.set(i, measured);
        } else {
          times.get(i).add(measured);
        }
        nanos[i] += answer.number("nanos");
      }
    }
    for (int i = 0; i < pairs.size(); i++) {
      rows.add(row(pairs.get(i), times.get(i), nanos[i]));
    }
    System.out.println();
    System.out.println(
        new Section(
                "%d connections, %d event loops at each end, %d B there and back, µs"
                    .formatted(connections, loops, SIZE),
                "Of %d rounds of %d requests a connection. Limits: how often one of XenShmLimit"
                        .formatted(rounds, count)
                    + " was reached, at both ends.",
                List.of("transport", "p50", "p99", "p99.9", "requests/s", "limits"),
                rows)
            .text());
  }

  private List<String> row(Pair pair, Histogram times, long nanos)
      throws IOException, InterruptedException {
    long limits =
        pair.askServer("limits").number("limits") + pair.askClient("limits").number("limits");
    return List.of(
        pair.transport().label(),
        micros(times, 50),
        micros(times, 99),
        micros(times, 99.9),
        "%.0f".formatted(times.getTotalCount() / (nanos / 1e9)),
        Long.toString(limits));
  }

  private static String micros(Histogram times, double percentile) {
    return "%.0f".formatted(times.getValueAtPercentile(percentile) / 1e3);
  }

  private void startHost() throws IOException, InterruptedException {
    ChildJvm host =
        children.add(
            () ->
                ChildJvm.start(
                    "simulated host",
                    BenchHost.class,
                    Map.of(),
                    List.of(),
                    List.of(directory.root().toString(), Integer.toString(grantedPages))));
    host.awaitLine("READY", PATIENCE);
  }

  private void closeQuietly() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("request bench: " + e.getMessage());
    }
  }

  /** Ends the children, then removes the directory. May be called from any thread, repeatedly. */
  @Override
  public void close() throws IOException {
    children.close();
    directory.close();
  }
}
