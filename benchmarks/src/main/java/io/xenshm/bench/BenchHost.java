package io.xenshm.bench;

import io.xenshm.examples.Program;
import io.xenshm.examples.demo.DemoDirectory;
import io.xenshm.examples.demo.Parent;
import io.xenshm.xen.sim.SimulatedHost;
import io.xenshm.xen.sim.SimulatedHostConfig;
import io.xenshm.xen.sim.SimulatedLimits;
import java.nio.file.Path;

/**
 * The simulated host, with limits that hundreds of connections fit into: {@code DIRECTORY
 * [limited]}. Its XenStore limits how often a guest writes where it is told so. Ends with its
 * parent.
 */
final class BenchHost {
  private static final int GUESTS = 3;
  private static final SimulatedLimits LIMITS =
      new SimulatedLimits(200_000, 200_000, 262_144, 4095, 10, 1000);

  private BenchHost() {}

  /** Returns what was raised, in words. */
  static String raisedLimits() {
    SimulatedLimits usual = SimulatedLimits.DEFAULT;
    return String.format(
        "limits of the simulated guests raised: %d granted pages (default %d), %d grant references"
            + " (%d), %d event channels (%d); and those for one peer (docs/operations.md)",
        LIMITS.grantedPages(),
        usual.grantedPages(),
        LIMITS.grantReferences(),
        usual.grantReferences(),
        LIMITS.ports(),
        usual.ports());
  }

  /** Serves in the directory of a run. */
  public static void main(String[] args) {
    Program.run(
        "bench host",
        () -> {
          try (DemoDirectory directory = DemoDirectory.of(Path.of(args[0]));
              SimulatedHost host =
                  SimulatedHost.start(
                      SimulatedHostConfig.of(directory.host(), GUESTS).withLimits(LIMITS))) {
            if (args.length > 1) {
              host.xenStore().limitWrites();
            }
            System.out.println("READY " + host.directory());
            Parent.awaitEnd();
          }
        });
  }
}
