package io.xenshm.examples.frameworks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.demo.ChildJvm;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class ExampleCommandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void runsOverSharedMemory() throws Exception {
    runs("SHARED_MEMORY", "plain", "--tls");
  }

  @Test
  void runsOverTcpWithoutXen() throws Exception {
    runs("TCP", "plain", "--tcp");
  }

  private static void runs(String path, String... arguments) throws Exception {
    try (ChildJvm command = start(arguments)) {
      String taken = command.awaitLine("path:", PATIENCE);
      assertTrue(taken.startsWith(path + ","), taken);
      assertEquals(0, command.awaitExit(PATIENCE), command.errors()::toString);
      assertEquals(List.of(), command.errors());
      assertEquals(0, command.process().descendants().count());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "soap", "plain --udp"})
  void wrongArgumentsEndWithTwoAndOneLine(String arguments) throws Exception {
    try (ChildJvm command = start(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1))) {
      assertEquals(2, command.awaitExit(PATIENCE));
      assertEquals(1, command.errors().size(), command.errors()::toString);
    }
  }

  private static ChildJvm start(String... arguments) throws Exception {
    return ChildJvm.start("example", ExampleCommand.class, Map.of(), Map.of(), List.of(arguments));
  }
}
