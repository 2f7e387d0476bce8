package io.xenshm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.Await;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.TestDirectories;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent as a process of its own, beside a simulated host. */
@Timeout(120)
class AgentProcessTest {
  @TempDir private Path temporary;
  private SimulatedHost host;

  @BeforeEach
  void startHost() throws Exception {
    host = SimulatedHost.start(SimulatedHostConfig.of(TestDirectories.create(), 2).withoutAgent());
  }

  @AfterEach
  void stopHost() {
    host.close();
  }

  @Test
  void servesUntilASignalAndLeavesTheTables() throws Exception {
    Process agent = start();
    awaitReady(agent);
    assertNotNull(entry(1, 2));
    host.addDomain(SimulatedDomain.of(3));
    Await.until("an entry of the new guest", () -> entry(1, 3) != null);
    agent.destroy();
    agent.waitFor();
    assertNotNull(entry(1, 2));
  }

  @Test
  void aKilledAgentsSuccessorRemovesWhatIsGone() throws Exception {
    Process killed = start();
    awaitReady(killed);
    killed.destroyForcibly().waitFor();
    host.destroyDomain(2);
    assertNotNull(entry(1, 2));
    Process agent = start();
    awaitReady(agent);
    assertNull(entry(1, 2));
    agent.destroy();
    agent.waitFor();
  }

  @Test
  void clearsTheTables() throws Exception {
    Process agent = start();
    awaitReady(agent);
    agent.destroy();
    agent.waitFor();
    assertEquals(0, start("--clear").waitFor());
    assertNull(host.xenStore().read("/local/domain/1/xenshm"));
  }

  @Test
  void aWrongPolicyIsNamedInOneLine() throws Exception {
    Path policy = temporary.resolve("policy");
    assertRefused("the policy " + policy, "--policy", policy.toString());
    Files.writeString(policy, "web db\nalone\n");
    assertRefused("line 2: 'alone' is alone", "--policy", policy.toString());
  }

  private void assertRefused(String reason, String... arguments) throws Exception {
    Process agent = start(arguments);
    List<String> errors = agent.errorReader().lines().toList();
    assertEquals(2, agent.waitFor());
    assertEquals(1, errors.size(), errors::toString);
    assertTrue(errors.get(0).startsWith("xenshm agent: "), errors::toString);
    assertTrue(errors.get(0).contains(reason), errors::toString);
  }

  private String entry(int viewer, int peer) {
    return host.xenStore()
        .read("/local/domain/" + viewer + "/xenshm/peers/xenbr0/127-0-" + peer + "-1");
  }

  private Process start(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.add("agent");
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("XENSHM_XEN", "sim:" + host.directory());
    return builder.start();
  }

  private static void awaitReady(Process agent) throws Exception {
    BufferedReader output = agent.inputReader();
    assertEquals("READY", output.readLine(), () -> agent.errorReader().lines().toList().toString());
  }
}
