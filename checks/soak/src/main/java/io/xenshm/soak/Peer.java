package io.xenshm.soak;

import io.xenshm.examples.demo.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A peer's process as the soak sees it, over its deaths and restarts. */
final class Peer implements AutoCloseable {
  static final String DIED = "died";

  private static final Duration START = Duration.ofSeconds(60);

  private final String name;
  private final Path host;
  private final Consumer<String> complaints;
  private final Map<String, CompletableFuture<String>> running = new ConcurrentHashMap<>();
  private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private ChildJvm process;

  private final String address;
  private int domain;

  /** What stays of its domain, whose number changes. */
  final int place;

  final int port;

  /** Lives from the beginning of the soak to its end. */
  final boolean resident;

  Peer(Path host, int place, int port, boolean resident, Consumer<String> complaints)
      throws IOException, InterruptedException {
    this.name = "peer " + place + ":" + port;
    this.host = host;
    this.address = "127.0." + place + ".1";
    this.place = place;
    this.domain = place;
    this.port = port;
    this.resident = resident;
    this.complaints = complaints;
    start();
  }

  String address() {
    return address;
  }

  /** Returns the number of its domain. */
  int domain() {
    return domain;
  }

  /** Its domain has another number now. */
  void moveTo(int newDomain) {
    domain = newDomain;
  }

  void start() throws IOException, InterruptedException {
    ChildJvm started =
        ChildJvm.start(
            name,
            SoakPeer.class,
            Map.of("XENSHM_XEN", "sim:" + host, "XENSHM_SIM_DOMID", Integer.toString(domain)),
            List.of("-Xmx192m", "-XX:+UseSerialGC", "-XX:-UseDynamicNumberOfCompilerThreads"),
            List.of(address, Integer.toString(domain), Integer.toString(port)));
    process = started;
    started.awaitLine("READY", START);
    Thread.ofVirtual().start(() -> readLines(started));
  }

  private void readLines(ChildJvm started) {
    try {
      while (true) {
        took(started.readLine(Duration.ofDays(1)));
      }
    } catch (IOException e) {
      if (started == process && !stopping) {
        complaints.accept(name + " ended by itself: " + e.getMessage() + " " + started.errors());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private volatile boolean stopping;

  private void took(String line) {
    String[] words = line.split(" ", 3);
    CompletableFuture<String> outcome =
        words[0].equals("DONE") && words.length == 3 ? running.remove(words[1]) : null;
    if (outcome != null) {
      outcome.complete(words[2]);
    } else if (words[0].equals("STAT") || words[0].startsWith("RES")) {
      answers.add(line);
    } else {
      complaints.accept(name + ": " + line);
    }
  }

  /** Begins an operation; completes with how it ended, {@link #DIED} if this process is killed. */
  CompletableFuture<String> begin(String verb, long id, String arguments) {
    CompletableFuture<String> outcome = new CompletableFuture<>();
    String key = Long.toString(id);
    running.put(key, outcome);
    try {
      process.writeLine(verb + ' ' + key + ' ' + arguments);
    } catch (IOException e) {
      running.remove(key);
      outcome.complete(DIED);
    }
    return outcome;
  }

  /** Says something that is answered at once. */
  String ask(String line) throws IOException, InterruptedException {
    process.writeLine(line);
    String answer = answers.poll(START.toSeconds(), TimeUnit.SECONDS);
    if (answer == null) {
      throw new IOException(name + " does not answer '" + line + "'");
    }
    return answer;
  }

  /** Ends the process with SIGKILL; what it was doing has died. */
  void kill() throws IOException, InterruptedException {
    stopping = true;
    process.kill();
    process.awaitExit(START);
    List<CompletableFuture<String>> died = List.copyOf(running.values());
    running.clear();
    died.forEach(each -> each.complete(DIED));
  }

  void restart() throws IOException, InterruptedException {
    start();
    stopping = false;
  }

  /** Prints the threads and the open channels of the process. */
  void dump() {
    try {
      process.writeLine("dump");
      TimeUnit.SECONDS.sleep(2);
    } catch (IOException e) {
      System.err.println(name + " cannot be asked: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.err.println("== " + name);
    process.errors().forEach(System.err::println);
  }

  @Override
  public void close() {
    stopping = true;
    process.close();
  }

  @Override
  public String toString() {
    return name;
  }
}
