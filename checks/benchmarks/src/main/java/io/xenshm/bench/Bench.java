package io.xenshm.bench;

import io.xenshm.examples.Program;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.demo.Children;
import io.xenshm.examples.demo.DemoDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Measures this transport beside others, each between two processes, and reports. All processes end
 * with this one, however it ends, and leave no file.
 */
public final class Bench implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  private final BenchOptions options;
  private final DemoDirectory directory;
  private final Children children = new Children();
  private final List<Pair> pairs = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final Results results = new Results();
  private volatile boolean closed;

  private Bench(BenchOptions options) throws IOException {
    this.options = options;
    this.directory = DemoDirectory.create("xenshm-bench-", 0);
  }

  /**
   * Runs the measurements; those of {@link AttackBench} or {@link RequestBench} where the first
   * argument says so. Ends with 2 and one line where an argument is wrong, with 1 and one line
   * where something failed, or a ratio collapsed that {@code --check} looks at.
   */
  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("attack")) {
      Program.run("bench attack", () -> AttackBench.run(Arrays.copyOfRange(args, 1, args.length)));
    } else if (args.length > 0 && args[0].equals("requests")) {
      Program.run(
          "bench requests", () -> RequestBench.run(Arrays.copyOfRange(args, 1, args.length)));
    } else {
      Program.run("bench", () -> run(BenchOptions.parse(args)));
    }
  }

  private static void run(BenchOptions options) throws IOException, InterruptedException {
    try (Bench bench = new Bench(options)) {
      Runtime.getRuntime().addShutdownHook(new Thread(bench::closeOnSignal, "bench end"));
      try {
        bench.measure();
      } catch (IOException e) {
        if (!bench.closed) {
          throw e;
        }
        // a signal ends it, and the children's end is no news then
      }
    }
  }

  private void measure() throws IOException, InterruptedException {
    List<String> facts = new ArrayList<>(Machine.describe());
    startPairs();
    facts.add(BenchHost.raisedLimits());
    facts.addAll(missing);
    facts.forEach(System.out::println);
    for (int i = 0; i < options.warmUps(); i++) {
      round("warm-up", Amounts.WARM_UP, new Results());
    }
    for (int i = 1; i <= options.rounds(); i++) {
      round("round %d of %d".formatted(i, options.rounds()), options.amounts(), results);
    }
    if (options.check()) {
      RelativeCheck.verify(results);
    } else {
      report(facts);
    }
  }

  private void report(List<String> facts) throws IOException {
    Summary summary = new Summary(facts, results);
    System.out.println();
    summary.sections().forEach(section -> System.out.println(section.text()));
    HtmlReport.write(summary, options.report());
    System.out.println("report: " + options.report().toAbsolutePath().normalize());
  }

  /** Starts the host, and the processes of each transport that is wanted and can run. */
  private void startPairs() throws IOException, InterruptedException {
    ChildJvm host =
        children.add(
            () ->
                ChildJvm.start(
                    "simulated host",
                    BenchHost.class,
                    Map.of(),
                    List.of(),
                    List.of(directory.root().toString())));
    host.awaitLine("READY", START);
    for (Transport transport : options.transports()) {
      Optional<String> reason = transport.unavailability();
      if (reason.isPresent()) {
        missing.add("not measured: " + transport.label() + ", " + reason.get());
      } else {
        pairs.add(Pair.start(transport, transport.jvmOptions(), directory, children));
      }
    }
  }

  private void round(String name, Amounts amounts, Results into)
      throws IOException, InterruptedException {
    new Round(amounts, options, pairs, into, line -> System.out.println(name + ": " + line)).run();
  }

  private void closeOnSignal() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("bench: " + e.getMessage());
    }
  }

  /** Ends the children, then removes the directory. May be called from any thread, repeatedly. */
  @Override
  public void close() throws IOException {
    closed = true;
    children.close();
    directory.close();
  }
}
