package io.xenshm.cli;

import io.xenshm.agent.AgentConfig;
import io.xenshm.agent.DirectoryAgent;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs dom0's agent in the foreground, until a signal ends it. */
@Command(
    name = "agent",
    description =
        "Runs dom0's agent in the foreground: it tells each guest which guests share a network with"
            + " it. Prints READY when all guests have their tables.")
final class AgentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description =
          "Only the guests that a line of this file names together, by UUID or name, see each other;"
              + " * is every guest. Read again when it changes (default: all that share a network).")
  private Path policy;

  @Option(
      names = "--trust-guest-addresses",
      paramLabel = "GUEST",
      description =
          "Believe what this guest, by UUID or name, writes of its own addresses. May be given several"
              + " times.")
  private List<String> trusted = List.of();

  @Option(
      names = "--clear",
      description =
          "Removes all guests' tables and ends, for a host whose agent is not to come back.")
  private boolean clear;

  @Override
  public Integer call() throws IOException, InterruptedException {
    AgentConfig config = new AgentConfig(policy, new HashSet<>(trusted));
    try {
      config.check();
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    XenStore store = new XenStoreSetting(spec.commandLine()).connectAsDom0();
    PrintWriter out = spec.commandLine().getOut();
    try {
      if (clear) {
        DirectoryAgent.clear(store);
        return 0;
      }
      try (DirectoryAgent agent = DirectoryAgent.start(store, config)) {
        Runtime.getRuntime().addShutdownHook(new Thread(agent::close, "xenshm-agent-shutdown"));
        out.println("READY");
        out.flush();
        Error error = agent.awaitError(); // a signal ends the process before
        throw new XenException("ends, and is to be started again, after " + error, error);
      }
    } finally {
      store.close();
    }
  }
}
