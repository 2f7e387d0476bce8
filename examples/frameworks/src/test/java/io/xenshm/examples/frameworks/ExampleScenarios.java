package io.xenshm.examples.frameworks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.netty.XenShmMetrics;
import io.xenshm.netty.XenShmPathReason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** All examples on whatever path: the clients in this process, the servers in another one. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
abstract class ExampleScenarios {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int RUNS_TO_GET_A_RING = 5;
  private static final String SERVER_ADDRESS = "127.0.1.1";

  private final Map<String, Integer> ports = new HashMap<>();
  private Tls on;
  private ChildJvm servers;

  /** Prepares this process, and returns the system properties of the servers'. */
  abstract Map<String, String> prepare() throws IOException;

  /** Returns why connections take their path. */
  abstract XenShmPathReason reason();

  @BeforeAll
  void startServers(@TempDir Path directory) throws Exception {
    on = Tls.create(directory, SERVER_ADDRESS);
    Map<String, String> properties = new HashMap<>(prepare());
    properties.put("io.netty.leakDetection.level", "paranoid");
    servers =
        ChildJvm.start(
            "servers",
            AllServers.class,
            Map.of(),
            properties,
            List.of(SERVER_ADDRESS, directory.toString()));
    String line = servers.readLine(PATIENCE);
    while (!line.equals("READY")) {
      String[] parts = line.split(" ", -1);
      ports.put(parts[1] + " " + parts[2], Integer.valueOf(parts[3]));
      line = servers.readLine(PATIENCE);
    }
  }

  @AfterAll
  void serversLeakNothing() throws Exception {
    servers.close();
    assertEquals("END", servers.readLine(PATIENCE));
    assertFalse(servers.errors().toString().contains("LEAK"), servers.errors()::toString);
  }

  static Stream<Arguments> examples() {
    return Example.ALL.stream()
        .flatMap(example -> Stream.of(Arguments.of(example, false), Arguments.of(example, true)));
  }

  @ParameterizedTest(name = "{0}, TLS {1}")
  @MethodSource("examples")
  void getsTheRightAnswersOnTheRightPath(Example example, boolean encrypted) throws Exception {
    InetSocketAddress server =
        new InetSocketAddress(SERVER_ADDRESS, ports.get(example + " " + encrypted));
    assertEquals(Set.of(reason()), run(example, server, encrypted ? on : Tls.off()));
  }

  static Stream<Example> datagramExamples() {
    return Example.DATAGRAMS.stream();
  }

  /** Where there is no Xen, datagrams look for no path. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("datagramExamples")
  void datagramsGetTheRightAnswersOnTheRightPath(Example example) throws Exception {
    InetSocketAddress server = new InetSocketAddress(SERVER_ADDRESS, ports.get(example + " false"));
    Set<XenShmPathReason> expected =
        reason() == XenShmPathReason.XEN_UNAVAILABLE ? Set.of() : Set.of(reason());
    Set<XenShmPathReason> seen = run(example, server, Tls.off());
    // A client may be through before its ring is there: its packets took UDP then.
    for (int i = 1; i < RUNS_TO_GET_A_RING && !seen.equals(expected); i++) {
      seen = run(example, server, Tls.off());
    }
    assertEquals(expected, seen);
  }

  /** Runs a client; returns the reasons of the paths that were taken. */
  private static Set<XenShmPathReason> run(Example example, InetSocketAddress server, Tls tls)
      throws Exception {
    Map<XenShmPathReason, Long> before = connections();
    String done = example.client().run(server, tls);
    assertFalse(done.isEmpty());
    Map<XenShmPathReason, Long> made = connections();
    made.replaceAll((why, count) -> count - before.get(why));
    made.values().removeIf(count -> count == 0);
    return made.keySet();
  }

  private static Map<XenShmPathReason, Long> connections() {
    Map<XenShmPathReason, Long> counts = new EnumMap<>(XenShmPathReason.class);
    for (XenShmPathReason why : XenShmPathReason.values()) {
      counts.put(why, XenShmMetrics.connections(why));
    }
    return counts;
  }
}
