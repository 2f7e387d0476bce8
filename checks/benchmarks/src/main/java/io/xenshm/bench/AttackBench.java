package io.xenshm.bench;

import io.xenshm.bench.attack.Attack;
import io.xenshm.bench.attack.AttackProcess;
import io.xenshm.examples.Arguments;
import io.xenshm.examples.UsageException;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.demo.Children;
import io.xenshm.examples.demo.DemoDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Measures a well-behaved connection of domain 2 to domain 1 while domain 3 attacks domain 1, on
 * the same event loop, against the same while domain 3 computes innocently. The innocent one needs
 * as much processor time as the attack did, and sleeps as often, the simulated host's part
 * included: a hypervisor and a XenStore daemon that are no part of this guest. What is left of a
 * difference is what the attack takes from the server itself.
 */
final class AttackBench implements AutoCloseable {
  static final String USAGE = "use bench attack [--rounds N] [--check]";

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SERVER = 1;
  private static final int ATTACKER = 3;
  private static final int SERVER_PORT = 4711;
  private static final int SIZE = 16 * 1024;
  private static final int ROUNDS = 5;
  private static final int WARM_UP_ROUNDS = 1;
  private static final double LEAST_RATIO = 0.8;
  private static final long FIRST_BYTES = 256L << 20;
  private static final double SECONDS = 1.5;

  private final DemoDirectory directory;
  private final Children children = new Children();
  private ChildJvm host;
  private ChildJvm attacker;
  private Pair pair;
  private long total = FIRST_BYTES;

  private AttackBench() throws IOException {
    directory = DemoDirectory.create("xenshm-attack-", 0);
  }

  static void run(String[] args) throws UsageException, IOException, InterruptedException {
    int rounds = ROUNDS;
    boolean check = false;
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--check")) {
        check = true;
      } else if (args[i].equals("--rounds") && i + 1 < args.length) {
        rounds = Arguments.count(args[++i]);
      } else {
        throw new UsageException("'" + args[i] + "' is no option, or has no value: " + USAGE);
      }
    }
    try (AttackBench bench = new AttackBench()) {
      Runtime.getRuntime().addShutdownHook(new Thread(bench::closeQuietly, "attack bench end"));
      bench.start();
      bench.measure(rounds, check);
    }
  }

  private void start() throws IOException, InterruptedException {
    Machine.describe().forEach(System.out::println);
    host =
        children.add(
            () ->
                ChildJvm.start(
                    "simulated host",
                    BenchHost.class,
                    Map.of(),
                    List.of(),
                    List.of(directory.root().toString(), "limited")));
    host.awaitLine("READY", PATIENCE);
    pair = Pair.start(Transport.XENSHM, List.of(), directory, children);
    attacker =
        children.add(
            () ->
                ChildJvm.start(
                    "attacker",
                    AttackProcess.class,
                    Map.of(
                        "XENSHM_XEN",
                        "sim:" + directory.host(),
                        "XENSHM_SIM_DOMID",
                        Integer.toString(ATTACKER)),
                    List.of("-Dxenshm.sim.domid=" + ATTACKER),
                    List.of(Integer.toString(SERVER), Integer.toString(SERVER_PORT))));
    attacker.awaitLine("READY", PATIENCE);
  }

  private void measure(int rounds, boolean check) throws IOException, InterruptedException {
    for (int i = 0; i < 3; i++) {
      total = (long) (stream() * 1e6 * SECONDS) / SIZE * SIZE;
    }
    List<List<String>> rows = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    for (Attack attack : Attack.values()) {
      List<Double> ratios = new ArrayList<>();
      List<String> row = new ArrayList<>();
      for (int i = -WARM_UP_ROUNDS; i < rounds; i++) {
        double alone = stream();
        Under attacked = under("attack " + attack.name());
        Under innocent =
            under(
                "busy "
                    + Math.round(attacked.processors * 1e6)
                    + ' '
                    + Math.round(attacked.sleepsPerSecond));
        if (i >= 0) {
          ratios.add(attacked.rate / innocent.rate);
        }
        row =
            List.of(
                attack.description(),
                "%.0f".formatted(attacked.perSecond),
                "%.2f".formatted(attacked.processors),
                "%.0f".formatted(attacked.sleepsPerSecond),
                "%.0f".formatted(alone),
                "%.0f".formatted(innocent.rate),
                "%.0f".formatted(attacked.rate));
        System.out.println("round " + (i + 1) + ": " + String.join(", ", row));
      }
      Collections.sort(ratios);
      double median = ratios.get(ratios.size() / 2);
      row = new ArrayList<>(row);
      row.add("%.2f".formatted(median));
      rows.add(row);
      if (median < LEAST_RATIO) {
        failures.add("%s: %.2f".formatted(attack.description(), median));
      }
    }
    System.out.println();
    System.out.println(
        new Section(
                "one connection, 16 KiB writes, MB/s, while another domain attacks its server",
                "The last round's figures; the ratio is the median of "
                    + rounds
                    + ", under attack to beside an innocent process of the same load.",
                List.of(
                    "attack",
                    "a second",
                    "processors",
                    "sleeps a second",
                    "alone",
                    "innocent",
                    "attacked",
                    "ratio"),
                rows)
            .text());
    if (check && !failures.isEmpty()) {
      throw new IOException(
          "less than " + LEAST_RATIO + " is left: " + String.join(", ", failures));
    }
  }

  private record Under(double rate, double processors, double sleepsPerSecond, double perSecond) {}

  /** Measures while the third process does something. */
  private Under under(String command) throws IOException, InterruptedException {
    attacker.writeLine(command);
    attacker.awaitLine("STARTED", PATIENCE);
    Duration hostBefore = hostTime();
    long sleepsBefore = sleeps(host) + sleeps(attacker);
    long start = System.nanoTime();
    double rate = stream();
    double nanos = System.nanoTime() - start;
    double hostShare = hostTime().minus(hostBefore).toNanos() / nanos;
    double sleepsPerSecond = (sleeps(host) + sleeps(attacker) - sleepsBefore) / (nanos / 1e9);
    attacker.writeLine("stop");
    Answer done = Answer.parse(attacker.awaitLine("DONE", PATIENCE));
    double wall = done.number("wall");
    return new Under(
        rate,
        done.number("process") / wall + hostShare,
        sleepsPerSecond,
        done.number("count") / (wall / 1e9));
  }

  private Duration hostTime() {
    return host.process().toHandle().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Returns how often a process's threads waited; those that ended meanwhile do not count. */
  private static long sleeps(ChildJvm jvm) throws IOException {
    long sum = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", jvm.process().pid() + "", "task"))) {
      for (Path thread : threads) {
        sum += ThreadCounters.sum(thread.resolve("status"), ThreadCounters.SLEEPS);
      }
    }
    return sum;
  }

  /** Returns MB/s. */
  private double stream() throws IOException, InterruptedException {
    Pair.Measured measured = pair.measureStream(SIZE, total);
    return total / (measured.answer().number("nanos") / 1e9) / 1e6;
  }

  private void closeQuietly() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("attack bench: " + e.getMessage());
    }
  }

  /** Ends the children, then removes the directory. May be called from any thread, repeatedly. */
  @Override
  public void close() throws IOException {
    children.close();
    directory.close();
  }
}
