package io.xenshm.sim;

import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a simulated host is set up.
 *
 * @param directory the host's directory; made if it is missing. On a tmpfs, or data is written to a
 *     disk now and then
 * @param flavour which XenStore daemon it has
 * @param limits the guests' limits
 * @param domains the guests that it starts with; domain 0 is always there
 * @param agent whether dom0's agent runs, which shows each guest the others on its network
 */
public record SimulatedHostConfig(
    Path directory,
    XenStoreFlavour flavour,
    SimulatedLimits limits,
    List<SimulatedDomain> domains,
    boolean agent) {

  /** Copies the list. */
  public SimulatedHostConfig {
    domains = List.copyOf(domains);
  }

  /** Describes a host with its agent. */
  public SimulatedHostConfig(
      Path directory,
      XenStoreFlavour flavour,
      SimulatedLimits limits,
      List<SimulatedDomain> domains) {
    this(directory, flavour, limits, domains, true);
  }

  /**
   * Returns a host with the guests 1 to {@code guests}, the C daemon, default limits and an agent.
   */
  public static SimulatedHostConfig of(Path directory, int guests) {
    return new SimulatedHostConfig(
        directory,
        XenStoreFlavour.C,
        SimulatedLimits.DEFAULT,
        IntStream.rangeClosed(1, guests).mapToObj(SimulatedDomain::of).toList());
  }

  /** Returns the same host with another XenStore daemon. */
  public SimulatedHostConfig withFlavour(XenStoreFlavour newFlavour) {
    return new SimulatedHostConfig(directory, newFlavour, limits, domains, agent);
  }

  /** Returns the same host with other limits. */
  public SimulatedHostConfig withLimits(SimulatedLimits newLimits) {
    return new SimulatedHostConfig(directory, flavour, newLimits, domains, agent);
  }

  /** Returns the same host with other guests. */
  public SimulatedHostConfig withDomains(List<SimulatedDomain> newDomains) {
    return new SimulatedHostConfig(directory, flavour, limits, newDomains, agent);
  }

  /** Returns the same host without an agent; {@link SimulatedHost#startAgent} starts one later. */
  public SimulatedHostConfig withoutAgent() {
    return new SimulatedHostConfig(directory, flavour, limits, domains, false);
  }
}
