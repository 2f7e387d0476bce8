package io.xenshm.bench;

import io.xenshm.examples.Program;
import io.xenshm.examples.demo.DemoDirectory;
import io.xenshm.examples.demo.Parent;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedLimits;
import java.nio.file.Path;

/**
 * The simulated host, with limits that hundreds of connections fit into: {@code DIRECTORY
 * [limited|PAGES]}. Its XenStore limits how often a guest writes where it is told so; a number is
 * the limit of granted pages. Ends with its parent.
 */
final class BenchHost {
  private static final int GUESTS = 3;
  private static final SimulatedLimits LIMITS = limits(200_000);

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

  private static SimulatedLimits limits(int grantedPages) {
    return new SimulatedLimits(grantedPages, 200_000, 262_144, 4095, 10, 1000);
  }

  /** Serves in the directory of a run. */
  public static void main(String[] args) {
    Program.run(
        "bench host",
        () -> {
          boolean limited = args.length > 1 && args[1].equals("limited");
          int pages =
              args.length > 1 && !limited ? Integer.parseInt(args[1]) : LIMITS.grantedPages();
          try (DemoDirectory directory = DemoDirectory.of(Path.of(args[0]));
              SimulatedHost host =
                  SimulatedHost.start(
                      SimulatedHostConfig.of(directory.host(), GUESTS).withLimits(limits(pages)))) {
            if (limited) {
              host.xenStore().limitWrites();
            }
            System.out.println("READY " + host.directory());
            Parent.awaitEnd();
          }
        });
  }
}
