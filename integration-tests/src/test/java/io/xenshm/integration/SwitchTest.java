package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.xenshm.examples.TemporaryDirectories;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One client class reaches servers of all kinds, each by the way that is possible, and says why.
 * Guests have addresses of a network of their own, in network namespaces.
 */
@Timeout(180)
class SwitchTest {
  private static final String SERVER = "10.99.0.1";
  private static final String CLIENT = "10.99.0.2";
  private static final String ELSEWHERE = "10.99.0.3";
  private static final String LATER = "10.99.0.4";
  private static final String TWICE = "10.99.0.9";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long ROOM = 64L << 20;

  /** Connect's own time-out for shared memory is one second; the rest is a busy machine's. */
  private static final int LONGEST_CONNECT_MILLIS = 5000;

  private final Deque<ChildJvm> children = new ArrayDeque<>();
  private NetworkNamespaces network;
  private SimulatedHost host;
  private ChildJvm client;

  @BeforeEach
  void start() throws Exception {
    String obstacle = NetworkNamespaces.obstacle();
    if (obstacle != null) {
      System.out.println("SKIPPED SwitchTest: " + obstacle);
    }
    assumeTrue(obstacle == null, obstacle);
    network = new NetworkNamespaces(List.of(SERVER, CLIENT, LATER, TWICE), ELSEWHERE);
    Path directory = TemporaryDirectories.inMemory("xenshm-test-", ROOM);
    SimulatedHostConfig plain = SimulatedHostConfig.of(directory, 1);
    host =
        SimulatedHost.start(
            new SimulatedHostConfig(
                directory,
                plain.flavour(),
                plain.limits(),
                Stream.of(
                        "1=" + SERVER + ",00:16:3e:00:00:01,left",
                        "2=" + CLIENT + ",00:16:3e:00:00:02,left",
                        "5=" + TWICE + ",00:16:3e:00:00:05,left",
                        "6=" + TWICE + ",00:16:3e:00:00:06,right")
                    .map(SimulatedDomain::parse)
                    .toList()));
    client = start("client", 2, network.onHost(), SwitchClient.class);
    client.awaitLine("READY", PATIENCE);
  }

  @AfterEach
  void stop() throws IOException {
    while (!children.isEmpty()) {
      children.pop().close();
    }
    if (host != null) {
      host.close();
    }
    if (network != null) {
      network.close();
    }
  }

  private ChildJvm start(
      String name, int domain, List<String> launcher, Class<?> mainClass, String... arguments)
      throws IOException {
    ChildJvm child =
        ChildJvm.start(
            name,
            launcher,
            mainClass,
            Site.environment(host.directory(), domain),
            List.of(),
            List.of(arguments));
    children.push(child);
    return child;
  }

  private int serve(int domain, List<String> launcher, String kind, String address, int port)
      throws Exception {
    ChildJvm server =
        start(
            "server", domain, launcher, SwitchServer.class, kind, address, Integer.toString(port));
    return Integer.parseInt(server.awaitLine("READY", PATIENCE));
  }

  /** Ends the newest server at once, as a crash does. */
  private void killServer() throws Exception {
    ChildJvm server = children.pop();
    server.kill();
    server.close();
  }

  private void assertTook(String path, String reason, String address, int port) throws Exception {
    client.writeLine(address + " " + port);
    String[] took = client.awaitLine("TOOK", PATIENCE).split(" ", 3);
    assertEquals(path + " " + reason, took[0] + " " + took[1]);
    int millis = Integer.parseInt(took[2]);
    assertTrue(millis < LONGEST_CONNECT_MILLIS, "connect took " + millis + " ms");
  }

  @Test
  void theSameClientReachesEachServerByTheWayThatIsPossible() throws Exception {
    int port = serve(1, network.onHost(), SwitchServer.ADAPTIVE, SERVER, 0);
    assertTook("SHARED_MEMORY", "CO_RESIDENT", SERVER, port);

    killServer();
    serve(1, network.onHost(), SwitchServer.SILENT, SERVER, port);
    assertTook("TCP", "NO_LISTENER", SERVER, port);

    int plain = serve(1, network.onHost(), SwitchServer.PLAIN, SERVER, 0);
    assertTook("TCP", "NO_LISTENER", SERVER, plain);

    int far = serve(1, network.elsewhere(), SwitchServer.PLAIN, ELSEWHERE, 0);
    assertTook("TCP", "NOT_CO_RESIDENT", ELSEWHERE, far);
  }

  @Test
  void guestsWithTheSameAddressOnTwoNetworksAreNotMixedUp() throws Exception {
    int left = serve(5, network.onHost(), SwitchServer.ADAPTIVE, TWICE, 0);
    assertTook("SHARED_MEMORY", "CO_RESIDENT", TWICE, left);

    // the other guest with that address announces this port, but on a network that is not ours
    killServer();
    int right = serve(6, network.onHost(), SwitchServer.ADAPTIVE, TWICE, 0);
    assertTook("TCP", "NO_LISTENER", TWICE, right);
  }

  @Test
  void withoutItsAgentTheHostKeepsLivePeersAndNewOnesTakeTcp() throws Exception {
    int port = serve(1, network.onHost(), SwitchServer.ADAPTIVE, SERVER, 0);
    assertTook("SHARED_MEMORY", "CO_RESIDENT", SERVER, port);

    host.stopAgent();
    assertTook("SHARED_MEMORY", "CO_RESIDENT", SERVER, port);

    host.addDomain(SimulatedDomain.parse("4=" + LATER + ",00:16:3e:00:00:04,left"));
    int later = serve(4, network.onHost(), SwitchServer.ADAPTIVE, LATER, 0);
    assertTook("TCP", "NOT_CO_RESIDENT", LATER, later);
  }
}
