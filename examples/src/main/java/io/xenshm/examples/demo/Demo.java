package io.xenshm.examples.demo;

import io.xenshm.examples.Arguments;
import io.xenshm.examples.Program;
import io.xenshm.examples.UsageException;
import io.xenshm.examples.transfer.ProgressBar;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs both examples between two domains of a simulated host, once over shared memory and once over
 * TCP, and compares. The host, the server and the client are processes of their own; they end with
 * this one, however it ends, and leave no file.
 */
public final class Demo implements AutoCloseable {
  private static final String USAGE = "use demo [--size BYTES], for example demo --size 300M";
  private static final String DEFAULT_SIZE = "300M";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SERVER_DOMAIN = 1;
  private static final int CLIENT_DOMAIN = 2;
  private static final String SHARED_MEMORY = "SHARED_MEMORY";

  private final long size;
  private final DemoDirectory directory;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Children children = new Children();
  private final boolean terminal = ProgressBar.onTerminal();

  private Demo(long size) throws IOException {
    this.size = size;
    this.directory = DemoDirectory.create("xenshm-demo-", size);
  }

  /**
   * Runs the demo. Ends with 0 where all digests were equal and the bytes took the path they
   * should, with 2 and one line where an argument is wrong, with 1 and one line otherwise.
   */
  public static void main(String[] args) {
    Program.run("demo", () -> run(sizeOf(args)));
  }

  private static long sizeOf(String[] args) throws UsageException {
    if (args.length == 0) {
      return Arguments.bytes(DEFAULT_SIZE);
    }
    if (args.length != 2 || !args[0].equals("--size")) {
      throw new UsageException(USAGE);
    }
    return Arguments.bytes(args[1]);
  }

  private static void run(long size) throws IOException, InterruptedException {
    try (Demo demo = new Demo(size)) {
      Runtime.getRuntime().addShutdownHook(new Thread(demo::closeOnSignal, "demo end"));
      try {
        demo.compare();
      } catch (IOException e) {
        if (!demo.closed.get()) {
          throw e;
        }
        // a signal ends the demo, and the children's end is no news then
      }
    }
  }

  private void compare() throws IOException, InterruptedException {
    startHost();
    Measurement sharedMemory = measure("shared memory", "xen:1:4711", "xen:1:4712");
    Measurement tcp = measure("TCP", "tcp:127.0.0.1:0", "tcp:127.0.0.1:0");
    ResultTable.print(System.out, sharedMemory, tcp);
    if (!sharedMemory.took(SHARED_MEMORY)) {
      throw new IOException("the bytes did not take the path " + SHARED_MEMORY);
    }
    if (!sharedMemory.transfer().digestsEqual() || !tcp.transfer().digestsEqual()) {
      throw new IOException("the receiver's SHA-256 is not the sender's");
    }
  }

  private void startHost() throws IOException, InterruptedException {
    ChildJvm host = start("simulated host", DemoHost.class, 0, directory.root().toString());
    String path = host.awaitLine("READY", PATIENCE);
    System.out.printf(
        "simulated Xen host in %s: domain %d serves, domain %d connects%n",
        path, SERVER_DOMAIN, CLIENT_DOMAIN);
  }

  private Measurement measure(String label, String echo, String files)
      throws IOException, InterruptedException {
    try (ChildJvm server = start("server", DemoServer.class, SERVER_DOMAIN, echo, files)) {
      String[] addresses = server.awaitLine("READY", PATIENCE).split(" ", -1);
      try (ChildJvm client =
          start(
              "client",
              DemoClient.class,
              CLIENT_DOMAIN,
              addresses[0],
              addresses[1],
              Long.toString(size))) {
        return follow(client, label);
      }
    }
  }

  private Measurement follow(ChildJvm client, String label)
      throws IOException, InterruptedException {
    int run = 0;
    ProgressBar bar = null;
    while (true) {
      String[] line = client.readLine(PATIENCE).split(" ", 2);
      if (line[0].equals("RESULT")) {
        return Measurement.parse(line[1]);
      }
      if (line[0].equals("PROGRESS")) {
        String[] numbers = line[1].split(" ", -1);
        if (bar == null || Integer.parseInt(numbers[0]) != run) {
          run = Integer.parseInt(numbers[0]);
          String text = String.format("%-13s run %d of %d", label, run, DemoClient.RUNS);
          bar = new ProgressBar(System.out, terminal, text, size);
        }
        bar.accept(Long.parseLong(numbers[1]));
      }
    }
  }

  private ChildJvm start(String name, Class<?> mainClass, int domain, String... arguments)
      throws IOException {
    Path temporary = directory.root();
    return children.add(
        () ->
            ChildJvm.start(
                name,
                mainClass,
                Map.of(
                    "XENSHM_XEN",
                    "sim:" + directory.host(),
                    "XENSHM_SIM_DOMID",
                    Integer.toString(domain)),
                Map.of("java.io.tmpdir", temporary.toString()),
                List.of(arguments)));
  }

  private void closeOnSignal() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("demo: " + e.getMessage());
    }
  }

  /** Ends the children, then removes the directory. May be called from any thread, repeatedly. */
  @Override
  public void close() throws IOException {
    closed.set(true);
    children.close();
    directory.close();
  }
}
