package io.xenshm.cli;

import io.xenshm.xen.linux.LinuxXenProbe;
import io.xenshm.xen.linux.LinuxXenProbe.Finding;
import io.xenshm.xen.linux.LinuxXenSetup;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Tells what of Xen this machine has; on request, writes the files that let a service use it. */
@Command(
    name = "doctor",
    description =
        "Tells what of Xen is here, and the next step where something is missing. Ends with 0 where"
            + " nothing is.")
final class DoctorCommand implements Callable<Integer> {
  private static final int SOMETHING_IS_MISSING = 1;
  private static final String GROUP_NAME = "[a-z_][a-z0-9_-]{0,31}";

  @Spec private CommandSpec spec;

  @Option(
      names = "--write",
      paramLabel = "DIR",
      description =
          "Writes the system's files that let the members of a group use Xen's devices, below DIR:"
              + " / for this machine.")
  private Path root;

  @Option(
      names = "--group",
      paramLabel = "NAME",
      description = "With --write: the group (default: ${DEFAULT-VALUE}).",
      defaultValue = "xenshm")
  private String group;

  @Option(
      names = "--grant-pages",
      paramLabel = "N",
      description =
          "With --write: pages that the whole guest may grant at a time (default:"
              + " ${DEFAULT-VALUE}).",
      defaultValue = "16384")
  private int grantPages;

  @Override
  public Integer call() throws IOException {
    return root == null ? report() : write();
  }

  private int report() {
    XenStoreSetting setting = new XenStoreSetting(spec.commandLine());
    List<Finding> findings = new ArrayList<>();
    if (setting.isSimulated()) {
      findings.add(new Finding("back end", true, "a simulated host: " + setting));
    } else {
      findings.addAll(LinuxXenProbe.ofThisMachine().findings());
    }
    boolean xen = findings.stream().allMatch(Finding::ok);
    Finding agent = AgentFinding.ask(setting);
    findings.add(agent);
    PrintWriter out = spec.commandLine().getOut();
    for (Finding finding : findings) {
      out.printf(
          "%-8s %s: %s%n", finding.ok() ? "ok" : "MISSING", finding.subject(), finding.text());
    }
    if (!xen) {
      out.println("Xen cannot be used: begin with the first line that says MISSING.");
    } else if (agent.ok()) {
      out.println("Xen can be used.");
    } else {
      out.println("Xen can be used, but guests are not found by their addresses.");
    }
    out.flush();
    return xen && agent.ok() ? 0 : SOMETHING_IS_MISSING;
  }

  private int write() throws IOException {
    checkValues();
    PrintWriter out = spec.commandLine().getOut();
    for (Map.Entry<String, String> file : LinuxXenSetup.files(group, grantPages).entrySet()) {
      Path path = root.resolve(file.getKey().substring(1));
      Files.createDirectories(path.getParent());
      try {
        Files.writeString(path, file.getValue(), StandardOpenOption.CREATE_NEW);
        out.println("written: " + path);
      } catch (FileAlreadyExistsException e) {
        if (!Files.readString(path).equals(file.getValue())) {
          throw new IOException(path + " is there with other contents; compare or remove it", e);
        }
        out.println("there already: " + path);
      }
    }
    out.println("Next: groupadd --system " + group + "; add the service's user to it; reboot.");
    out.flush();
    return 0;
  }

  private void checkValues() {
    if (!group.matches(GROUP_NAME)) {
      throw new ParameterException(
          spec.commandLine(),
          "--group is a group's name, lower case letters, digits, _ and -: '" + group + "'");
    }
    if (grantPages < 1) {
      throw new ParameterException(
          spec.commandLine(), "--grant-pages is at least 1: " + grantPages);
    }
  }
}
