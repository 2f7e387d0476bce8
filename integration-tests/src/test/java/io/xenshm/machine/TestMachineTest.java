package io.xenshm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Boots Xen with two guests and runs the suites there; with Maven's profile {@code xen}. A machine
 * that cannot do that fails the test with exit code 3 and a line that says why.
 */
@Tag("xen")
@Timeout(value = 90, unit = TimeUnit.MINUTES)
class TestMachineTest {
  private static final String HERE = System.getProperty("basedir", ".");

  @Test
  void pvGuestsHoldTheContractAndCarryTheTransport() throws Exception {
    runSuite("pv");
  }

  @Test
  void pvhGuestsWithTheOtherXenStoreDaemonHoldTheContractAndCarryAnEcho() throws Exception {
    runSuite("pvh");
  }

  private static void runSuite(String name) throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(HERE, "xen/suite").toString());
    command.add(name);
    command.add("--classpath");
    command.add(classPath);
    command.add("--log");
    command.add(Path.of(HERE, "target/xen-" + name).toString());
    Process suite = new ProcessBuilder(command).inheritIO().start();
    try {
      assertEquals(
          0,
          suite.waitFor(),
          "exit code of `"
              + String.join(" ", command.subList(0, 2))
              + "`: 1 a test failed, 3 the machine, 4 a guest; see its output above and its consoles");
    } finally {
      suite.descendants().forEach(ProcessHandle::destroy);
      suite.destroy();
    }
  }
}
