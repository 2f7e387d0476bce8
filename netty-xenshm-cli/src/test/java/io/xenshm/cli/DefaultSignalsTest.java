package io.xenshm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@link DefaultSignals} is for: tests in a job that ignores signals. */
class DefaultSignalsTest {
  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSignalEndsTheChildOfAProcessThatIgnoresIt(String signal, int code) throws Exception {
    assumeTrue(DefaultSignals.OBSTACLE == null, DefaultSignals.OBSTACLE);
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "trap '' " + signal + "; exec \"$@\"", "sh"));
    command.addAll(DefaultSignals.builder("sh", "-c", "echo READY; exec sleep 300").command());
    Process child = new ProcessBuilder(command).start();
    try {
      assertEquals("READY", child.inputReader().readLine());
      new ProcessBuilder("kill", "-" + signal, Long.toString(child.pid())).start().waitFor();
      assertEquals(code, child.waitFor());
    } finally {
      child.destroyForcibly();
    }
  }
}
