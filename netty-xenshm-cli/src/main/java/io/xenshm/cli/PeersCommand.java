package io.xenshm.cli;

import io.xenshm.directory.PeerEntry;
import io.xenshm.directory.PeerTable;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prints a domain's table of the guests that it shares a network with. */
@Command(
    name = "peers",
    description =
        "Prints the table that dom0's agent wrote for this domain: which guest has which address."
            + " Ends with 1 where there is none.")
final class PeersCommand implements Callable<Integer> {
  private static final int NO_TABLE = 1;
  private static final List<String> TITLES =
      List.of("NETWORK", "ADDRESS", "MAC", "DOMAIN", "UUID", "NAME");

  @Spec private CommandSpec spec;

  @Option(
      names = "--domain",
      paramLabel = "N",
      description = "In dom0: prints the table of this guest.")
  private Integer domain;

  @Override
  public Integer call() throws IOException {
    XenStoreSetting setting = new XenStoreSetting(spec.commandLine());
    if (domain != null && domain < 1) {
      throw new ParameterException(spec.commandLine(), "--domain is a guest's number: " + domain);
    }
    try (XenStore store = domain == null ? setting.connectAsOwnDomain() : setting.connectAsDom0()) {
      int viewer = domain == null ? setting.domainOf(store) : domain;
      if (viewer == 0) {
        throw new ParameterException(
            spec.commandLine(), "this is dom0: choose a guest with --domain N");
      }
      return print(store, viewer);
    }
  }

  private int print(XenStore store, int viewer) throws XenException {
    Optional<PeerTable> table =
        XenStoreSetting.await(
            domain == null ? PeerTable.read(store, viewer) : PeerTable.readAsDom0(store, viewer));
    if (table.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "xenshm peers: domain "
                  + viewer
                  + " has no table: does the agent run in dom0? (xenshm agent)");
      return NO_TABLE;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(TITLES);
    table.get().entries().forEach(entry -> rows.add(row(entry, viewer)));
    PrintWriter out = spec.commandLine().getOut();
    aligned(rows).forEach(out::println);
    out.flush();
    return 0;
  }

  private static List<String> row(PeerEntry entry, int viewer) {
    return List.of(
        entry.network(),
        entry.address() == null ? "-" : entry.address().getHostAddress(),
        entry.mac().isEmpty() ? "-" : entry.mac(),
        entry.domainId() + (entry.domainId() == viewer ? " (own)" : ""),
        entry.uuid().isEmpty() ? "-" : entry.uuid(),
        entry.name());
  }

  private static List<String> aligned(List<List<String>> rows) {
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        line.append(row.get(column))
            .append(" ".repeat(2 + width(rows, column) - row.get(column).length()));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static int width(List<List<String>> rows, int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }
}
