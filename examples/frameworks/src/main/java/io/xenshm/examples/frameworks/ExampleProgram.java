package io.xenshm.examples.frameworks;

import io.xenshm.examples.Program;
import io.xenshm.examples.UsageException;
import io.xenshm.examples.demo.Parent;
import io.xenshm.netty.XenShmMetrics;
import io.xenshm.netty.XenShmPathReason;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/**
 * The {@code main} of an example's server or client. Its arguments are {@code HOST:PORT} and, for
 * TLS, the directory of the certificate and its key.
 */
public final class ExampleProgram {
  private static final String USAGE = "use HOST:PORT [TLS-DIRECTORY], for example 10.0.0.5:8080";
  private static final int MAX_PORT = 65535;

  private ExampleProgram() {}

  /** Serves, and prints {@code READY} and the port; ends at the end of standard input. */
  public static void serve(String[] args, ExampleServer server) {
    Program.run(
        "server",
        () -> {
          try (RunningServer running = server.start(address(args), tls(args))) {
            System.out.println("READY " + running.port());
            Parent.awaitEnd();
          }
        });
  }

  /**
   * Runs a client. Prints {@code DONE} and what was done, and for each reason that its connections
   * had for their path, {@code PATH}, the path, the reason and the number of connections.
   */
  public static void call(String[] args, ExampleClient client) {
    Program.run(
        "client",
        () -> {
          System.out.println("DONE " + client.run(address(args), tls(args)));
          for (XenShmPathReason reason : XenShmPathReason.values()) {
            long connections = XenShmMetrics.connections(reason);
            if (connections > 0) {
              System.out.printf("PATH %s %s %d%n", reason.path(), reason, connections);
            }
          }
        });
  }

  private static Tls tls(String[] args) {
    return args.length > 1 ? Tls.in(Path.of(args[1])) : Tls.off();
  }

  private static InetSocketAddress address(String[] args) throws UsageException {
    if (args.length < 1 || args.length > 2) {
      throw new UsageException(USAGE);
    }
    int colon = args[0].lastIndexOf(':');
    try {
      int port = Integer.parseInt(args[0].substring(colon + 1));
      if (colon > 0 && port >= 0 && port <= MAX_PORT) {
        return new InetSocketAddress(args[0].substring(0, colon), port);
      }
    } catch (NumberFormatException e) {
      // reported below, as every other text that is no address
    }
    throw new UsageException("'" + args[0] + "' is no address: " + USAGE);
  }
}
