package io.xenshm.containers;

import io.xenshm.examples.Program;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Scanner;

/**
 * The simulated host of {@code xenshm sim}, whose guests can be created and destroyed while it
 * runs: by {@link HostCall}, since nothing else is in its container.
 */
final class HostProgram {
  static final Path SOCKET = Path.of("/tmp/host.sock");
  static final String CREATE = "create";
  static final String DESTROY = "destroy";
  static final String DONE = "done";

  private HostProgram() {}

  /** Serves in the directory {@code args[0]}, for the guests that the others describe. */
  public static void main(String[] args) {
    Program.run(
        "host",
        () -> {
          SimulatedHostConfig config =
              SimulatedHostConfig.of(Path.of(args[0]), 0)
                  .withDomains(Arrays.stream(args).skip(1).map(SimulatedDomain::parse).toList());
          try (SimulatedHost host = SimulatedHost.start(config);
              ServerSocketChannel listener =
                  ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(SOCKET));
            System.out.println("READY " + host.directory());
            while (true) {
              serve(host, listener);
            }
          }
        });
  }

  private static void serve(SimulatedHost host, ServerSocketChannel listener) throws IOException {
    try (SocketChannel caller = listener.accept();
        Scanner words = new Scanner(Channels.newReader(caller, StandardCharsets.UTF_8));
        PrintStream answer =
            new PrintStream(Channels.newOutputStream(caller), true, StandardCharsets.UTF_8)) {
      answer.println(perform(host, words.next(), words.next()));
    }
  }

  private static String perform(SimulatedHost host, String action, String guest) {
    try {
      if (action.equals(CREATE)) {
        host.addDomain(SimulatedDomain.parse(guest));
      } else {
        host.destroyDomain(Integer.parseInt(guest));
      }
      return DONE;
    } catch (IOException | IllegalArgumentException e) {
      return e.getMessage();
    }
  }
}
