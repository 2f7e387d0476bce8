package io.xenshm.examples.demo;

import io.xenshm.examples.Program;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import java.nio.file.Path;

/**
 * The simulated host of the demo. Ends with the demo, and then removes the demo's directory, which
 * a demo that was killed could not.
 */
public final class DemoHost {
  private static final int GUESTS = 2;

  private DemoHost() {}

  /** Serves in the demo's directory. */
  public static void main(String[] args) {
    Program.run(
        "demo host",
        () -> {
          try (DemoDirectory directory = DemoDirectory.of(Path.of(args[0]));
              SimulatedHost host =
                  SimulatedHost.start(SimulatedHostConfig.of(directory.host(), GUESTS))) {
            System.out.println("READY " + host.directory());
            Parent.awaitEnd();
          }
        });
  }
}
