package io.xenshm.examples.frameworks;

import io.xenshm.examples.Program;
import io.xenshm.examples.UsageException;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.demo.Children;
import io.xenshm.examples.demo.DemoDirectory;
import io.xenshm.examples.demo.DemoHost;
import io.xenshm.netty.XenShmPath;
import io.xenshm.netty.XenShmPathReason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs an example's server and its client, each in a process of its own: in two domains of a
 * simulated host or, with {@code --tcp}, without Xen. The processes end with this one, however it
 * ends. They leave no file, unless this one is killed while it runs without Xen.
 */
public final class ExampleCommand implements AutoCloseable {
  private static final String USAGE =
      "use example NAME [--tcp] [--tls], where NAME is one of: " + Example.labels();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SERVER_DOMAIN = 1;
  private static final int CLIENT_DOMAIN = 2;

  /** The simulated guests' addresses. Without Xen, it is this machine's. */
  private static final String SERVER_ADDRESS = "127.0.1.1";

  private final Example example;
  private final XenShmPath path;
  private final DemoDirectory directory;
  private final Children children = new Children();
  private final AtomicBoolean closed = new AtomicBoolean();

  private ExampleCommand(Example example, XenShmPath path) throws IOException {
    this.example = example;
    this.path = path;
    this.directory = DemoDirectory.create("xenshm-example-", 0);
  }

  /**
   * Runs an example. Ends with 0 where the client got the right answers and the bytes took the path
   * they should, with 2 and one line where an argument is wrong, with 1 and one line otherwise.
   */
  public static void main(String[] args) {
    Program.run("example", () -> run(args));
  }

  private static void run(String[] args) throws Exception {
    Example example = args.length == 0 ? null : Example.of(args[0]);
    List<String> options = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
    if (example == null || !List.of("--tcp", "--tls").containsAll(options)) {
      throw new UsageException(USAGE);
    }
    if (Example.DATAGRAMS.contains(example) && !options.isEmpty()) {
      throw new UsageException(example + " sends datagrams: it goes without options");
    }
    XenShmPath path = options.contains("--tcp") ? XenShmPath.TCP : XenShmPath.SHARED_MEMORY;
    try (ExampleCommand command = new ExampleCommand(example, path)) {
      Runtime.getRuntime().addShutdownHook(new Thread(command::closeOnSignal, "example end"));
      command.runUnlessClosed(options.contains("--tls"));
    }
  }

  private void runUnlessClosed(boolean encrypted) throws IOException, InterruptedException {
    try {
      run(encrypted);
    } catch (IOException e) {
      if (!closed.get()) {
        throw e;
      }
      // a signal ends the command, and the processes' end is no news then
    }
  }

  private void run(boolean encrypted) throws IOException, InterruptedException {
    if (path == XenShmPath.SHARED_MEMORY) {
      start("simulated host", DemoHost.class, 0, directory.root().toString())
          .awaitLine("READY", PATIENCE);
    }
    List<String> tls = new ArrayList<>();
    if (encrypted) {
      Path files = directory.root();
      tls.add(Tls.create(files, SERVER_ADDRESS).directory().toString());
    }
    ChildJvm server =
        start(
            "server", example.serverClass(), SERVER_DOMAIN, arguments(SERVER_ADDRESS + ":0", tls));
    String address = SERVER_ADDRESS + ":" + server.awaitLine("READY", PATIENCE);
    System.out.println(
        path == XenShmPath.SHARED_MEMORY
            ? "on a simulated Xen host: server in domain 1 at " + address + ", client in domain 2"
            : "without Xen: server at " + address);
    ChildJvm client =
        start("client", example.clientClass(), CLIENT_DOMAIN, arguments(address, tls));
    String done = client.awaitLine("DONE", PATIENCE);
    System.out.println(example.label() + (encrypted ? " with TLS: " : ": ") + done);
    checkPath(client.awaitLine("PATH", PATIENCE).split(" ", -1));
  }

  private void checkPath(String[] taken) throws IOException {
    XenShmPathReason reason = XenShmPathReason.valueOf(taken[1]);
    System.out.printf("path: %s, because %s; connections: %s%n", taken[0], reason.text(), taken[2]);
    if (reason.path() != path) {
      throw new IOException("the bytes did not take the path " + path);
    }
  }

  private static String[] arguments(String address, List<String> tls) {
    List<String> arguments = new ArrayList<>(List.of(address));
    arguments.addAll(tls);
    return arguments.toArray(String[]::new);
  }

  private ChildJvm start(String name, Class<?> mainClass, int domain, String... arguments)
      throws IOException {
    boolean simulated = path == XenShmPath.SHARED_MEMORY;
    return children.add(
        () ->
            ChildJvm.start(
                name,
                mainClass,
                Map.of(
                    "XENSHM_XEN",
                    simulated ? "sim:" + directory.host() : "auto",
                    "XENSHM_SIM_DOMID",
                    Integer.toString(domain)),
                Map.of(),
                List.of(arguments)));
  }

  private void closeOnSignal() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("example: " + e.getMessage());
    }
  }

  /** Ends the processes, then removes the directory. May be called from any thread, repeatedly. */
  @Override
  public void close() throws IOException {
    closed.set(true);
    children.close();
    directory.close();
  }
}
