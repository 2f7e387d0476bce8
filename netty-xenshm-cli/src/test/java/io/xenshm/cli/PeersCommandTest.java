package io.xenshm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.TestDirectories;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The table as the user sees it, in a guest of a simulated host. */
class PeersCommandTest {
  private static final String XEN = "xenshm.xen";
  private static final String DOMAIN = "xenshm.sim.domid";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @AfterEach
  void clearSettings() {
    System.clearProperty(XEN);
    System.clearProperty(DOMAIN);
  }

  @Test
  void printsAlignedColumns() throws Exception {
    List<SimulatedDomain> guests =
        List.of(SimulatedDomain.of(1).withName("web"), SimulatedDomain.of(12).withName("database"));
    SimulatedHostConfig config = SimulatedHostConfig.of(TestDirectories.create(), 1);
    try (SimulatedHost host = SimulatedHost.start(config.withDomains(guests))) {
      in(host, 1);
      assertEquals(0, run("peers"), err::toString);
      String uuid = "[0-9a-f-]{36}";
      List<String> lines = out.toString().lines().toList();
      assertEquals(3, lines.size(), out::toString);
      assertMatches("NETWORK  ADDRESS     MAC                DOMAIN   UUID {34}NAME", lines.get(0));
      assertMatches(
          "xenbr0   127.0.1.1   00:16:3e:00:00:01  1 \\(own\\)  " + uuid + "  web", lines.get(1));
      assertMatches(
          "xenbr0   127.0.12.1  00:16:3e:00:00:0c  12       " + uuid + "  database", lines.get(2));

      in(host, 0);
      out.getBuffer().setLength(0);
      assertEquals(0, run("peers", "--domain", "12"), err::toString);
      assertTrue(out.toString().contains("12 (own)"), out::toString);
      assertEquals(2, run("peers"));
      assertOneLine("this is dom0: choose a guest with --domain N");
    }
  }

  private static void assertMatches(String pattern, String line) {
    assertTrue(line.matches(pattern), () -> "'" + line + "' is not '" + pattern + "'");
  }

  @Test
  void saysWhatIsMissingWhereThereIsNoTable() throws Exception {
    SimulatedHostConfig config = SimulatedHostConfig.of(TestDirectories.create(), 2);
    try (SimulatedHost host = SimulatedHost.start(config.withoutAgent())) {
      in(host, 2);
      assertEquals(1, run("peers"));
      assertOneLine("xenshm peers: domain 2 has no table: does the agent run in dom0?");
    }
  }

  @Test
  void doctorTellsWhetherDom0sAgentWroteATable() throws Exception {
    SimulatedHostConfig config = SimulatedHostConfig.of(TestDirectories.create(), 2);
    try (SimulatedHost host = SimulatedHost.start(config.withoutAgent())) {
      in(host, 2);
      assertEquals(1, run("doctor"), err::toString);
      assertTrue(
          out.toString().contains("MISSING  agent: no table for domain 2: start the agent in dom0"),
          out::toString);
    }
    out.getBuffer().setLength(0);
    config = SimulatedHostConfig.of(TestDirectories.create(), 2);
    try (SimulatedHost host = SimulatedHost.start(config)) {
      in(host, 2);
      assertEquals(0, run("doctor"), err::toString);
      assertTrue(
          out.toString().contains("ok       agent: its table for domain 2 has 2 rows"),
          out::toString);
    }
  }

  @Test
  void aGuestCannotAskForAnothersTable() throws Exception {
    SimulatedHostConfig config = SimulatedHostConfig.of(TestDirectories.create(), 2);
    try (SimulatedHost host = SimulatedHost.start(config)) {
      in(host, 2);
      assertEquals(2, run("peers", "--domain", "0"));
      assertOneLine("--domain is a guest's number: 0");
    }
  }

  @Test
  void wrongSettingsAreNamedInOneLine(@TempDir Path empty) {
    System.setProperty(XEN, "xen");
    assertEquals(2, run("peers"));
    assertOneLine("XENSHM_XEN is auto, linux or sim:DIR: 'xen'");
    System.setProperty(XEN, "sim:" + empty);
    assertEquals(2, run("peers"));
    assertOneLine("set XENSHM_SIM_DOMID to the number");
    System.setProperty(DOMAIN, "2");
    assertEquals(2, run("peers"));
    assertOneLine("no simulated host with domain 2 runs in " + empty);
    assertEquals(2, run("agent"));
    assertOneLine("no simulated host with domain 0 runs in " + empty);
  }

  private static void in(SimulatedHost host, int domain) {
    System.setProperty(XEN, "sim:" + host.directory());
    System.setProperty(DOMAIN, Integer.toString(domain));
  }

  private int run(String... arguments) {
    err.getBuffer().setLength(0);
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private void assertOneLine(String part) {
    String text = err.toString();
    assertTrue(text.contains(part), text);
    assertEquals(1, text.lines().count(), text);
  }
}
