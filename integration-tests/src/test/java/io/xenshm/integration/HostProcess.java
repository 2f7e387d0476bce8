package io.xenshm.integration;

import io.xenshm.examples.Program;
import io.xenshm.examples.demo.Parent;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import java.nio.file.Path;

/** A simulated host with two guests. Prints {@code READY} when it serves; ends with its parent. */
final class HostProcess {

  private HostProcess() {}

  /** Serves in the directory {@code args[0]}. */
  public static void main(String[] args) {
    Program.run(
        "host",
        () -> {
          try (SimulatedHost host =
              SimulatedHost.start(SimulatedHostConfig.of(Path.of(args[0]), 2))) {
            System.out.println("READY " + host.directory());
            Parent.awaitEnd();
          }
        });
  }
}
