package io.xenshm.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.demo.Demo;
import io.xenshm.examples.echo.EchoClient;
import io.xenshm.examples.echo.EchoServer;
import io.xenshm.examples.transfer.FileReceiver;
import io.xenshm.examples.transfer.FileSender;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs' mains, each in a process of its own. */
@Timeout(120)
class ProgramsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  static Stream<Arguments> wrongArguments() {
    return Stream.of(
        Arguments.of(EchoServer.class, List.of()),
        Arguments.of(EchoClient.class, List.of("tcp:127.0.0.1:1", "often")),
        Arguments.of(FileReceiver.class, List.of("tcp:127.0.0.1")),
        Arguments.of(FileSender.class, List.of("tcp:127.0.0.1:1", "3X")),
        Arguments.of(Demo.class, List.of("--size")));
  }

  @ParameterizedTest
  @MethodSource("wrongArguments")
  void wrongArgumentsEndWithTwoAndOneLine(Class<?> program, List<String> arguments)
      throws Exception {
    try (ChildJvm child = start(program, arguments)) {
      assertEquals(2, child.awaitExit(PATIENCE), () -> child.errors().toString());
      assertEquals(1, child.errors().size(), child.errors().toString());
    }
  }

  @Test
  void serverAndClientTalkAcrossProcesses() throws Exception {
    try (ChildJvm receiver = start(FileReceiver.class, List.of("tcp:127.0.0.1:0"))) {
      String address = receiver.awaitLine("READY", PATIENCE);
      try (ChildJvm sender = start(FileSender.class, List.of(address, "3M"))) {
        assertEquals(0, sender.awaitExit(PATIENCE), sender.errors().toString());
        String result = sender.awaitLine("TCP:", PATIENCE);
        assertTrue(result.endsWith("digests equal"), result);
      }
      receiver.kill();
    }
  }

  @Test
  void failureEndsWithOneAndOneLine() throws Exception {
    try (Socket portWithoutListener = new Socket()) {
      portWithoutListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String address = "tcp:127.0.0.1:" + portWithoutListener.getLocalPort();
      try (ChildJvm client = start(EchoClient.class, List.of(address))) {
        assertEquals(1, client.awaitExit(PATIENCE), () -> client.errors().toString());
        assertEquals(1, client.errors().size(), client.errors().toString());
      }
    }
  }

  private static ChildJvm start(Class<?> program, List<String> arguments) throws Exception {
    return ChildJvm.start(program.getSimpleName(), program, Map.of(), Map.of(), arguments);
  }
}
