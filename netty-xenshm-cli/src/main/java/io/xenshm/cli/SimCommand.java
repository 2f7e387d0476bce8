package io.xenshm.cli;

import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedLimits;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a simulated host in the foreground, until a signal ends it. */
@Command(
    name = "sim",
    description =
        "Runs a simulated Xen host with its agent in the foreground. Prints READY when it serves.")
final class SimCommand implements Callable<Integer> {
  private static final int DEFAULT_GUESTS = 2;
  private static final int MAX_GUESTS = 1000;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR",
      description = "The host's directory: new, empty or an earlier host's. Best on a tmpfs.")
  private Path directory;

  @ArgGroup private Guests guests = new Guests();

  @Option(
      names = "--grant-pages",
      paramLabel = "N",
      description = "Pages that a guest may grant at a time (default: 1024).")
  private Integer grantPages;

  @Option(
      names = "--ports",
      paramLabel = "N",
      description = "Event channels of a guest (default: 1023).")
  private Integer ports;

  @Option(
      names = "--daemon",
      paramLabel = "c|ocaml",
      description = "Which of Xen's XenStore daemons is simulated (default: c).")
  private XenStoreFlavour daemon = XenStoreFlavour.C;

  @Option(
      names = "--no-agent",
      description = "No agent runs in dom0: guests do not find each other by address.")
  private boolean noAgent;

  @Option(
      names = "--suspend",
      paramLabel = "N=M",
      description =
          "Has the host that runs in DIR suspend guest N and resume it as guest M, and ends. A"
              + " migration looks the same to the guests.")
  private String suspend;

  private static final class Guests {
    @Option(
        names = "--domains",
        paramLabel = "N",
        description = "Guests 1 to N, each with the address 127.0.<number>.1 (default: 2).")
    private Integer count;

    @Option(
        names = "--domain",
        paramLabel = "N[=IP[,MAC[,NETWORK]]]",
        description = "One guest. May be given several times.")
    private List<String> domains;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (suspend != null) {
      return suspend();
    }
    SimulatedHostConfig config = config();
    SimulatedHost host = SimulatedHost.start(config);
    Runtime.getRuntime().addShutdownHook(new Thread(host::close, "xenshm-sim-shutdown"));
    PrintWriter out = spec.commandLine().getOut();
    for (SimulatedDomain domain : config.domains()) {
      out.printf(
          "domain %d  %s  %s  %s%n", domain.id(), domain.address(), domain.mac(), domain.network());
    }
    out.println("READY");
    out.flush();
    new CountDownLatch(1).await(); // a signal ends the process
    return 0;
  }

  private Integer suspend() throws IOException {
    String[] numbers = suspend.split("=", -1);
    int before;
    int after;
    try {
      before = Integer.parseInt(numbers[0]);
      after = Integer.parseInt(numbers.length == 2 ? numbers[1] : "");
    } catch (NumberFormatException e) {
      throw new ParameterException(
          spec.commandLine(), "--suspend is N=M, two guests' numbers: '" + suspend + "'", e);
    }
    SimulatedHost.suspendAndResume(directory, before, after);
    spec.commandLine().getOut().println("domain " + before + " goes on as domain " + after);
    spec.commandLine().getOut().flush();
    return 0;
  }

  private SimulatedHostConfig config() {
    try {
      SimulatedLimits limits = SimulatedLimits.DEFAULT;
      if (grantPages != null) {
        limits = limits.withGrantedPages(grantPages);
      }
      if (ports != null) {
        limits = limits.withPorts(ports);
      }
      return new SimulatedHostConfig(directory, daemon, limits, domains(), !noAgent);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private List<SimulatedDomain> domains() {
    if (guests.domains != null) {
      List<SimulatedDomain> domains = guests.domains.stream().map(SimulatedDomain::parse).toList();
      checkNumbersDiffer(domains);
      return domains;
    }
    int count = guests.count == null ? DEFAULT_GUESTS : guests.count;
    if (count < 1 || count > MAX_GUESTS) {
      throw new IllegalArgumentException(
          "--domains is a number from 1 to " + MAX_GUESTS + ": " + count);
    }
    return IntStream.rangeClosed(1, count).mapToObj(SimulatedDomain::of).toList();
  }

  private static void checkNumbersDiffer(List<SimulatedDomain> domains) {
    Set<Integer> seen = new HashSet<>();
    for (SimulatedDomain domain : domains) {
      if (!seen.add(domain.id())) {
        throw new IllegalArgumentException("--domain " + domain.id() + " is given twice");
      }
    }
  }
}
