package io.xenshm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path temporary;

  @Test
  void unknownVerbNamesThoseThatExist() {
    assertEquals(2, run("frobnicate", "now"));
    assertOneLine("xenshm: unknown verb 'frobnicate'; use one of: sim, agent, peers, doctor");
  }

  @Test
  void missingVerbNamesThoseThatExist() {
    assertEquals(2, run());
    assertOneLine("xenshm: a verb is missing; use one of: sim, agent, peers, doctor");
  }

  @Test
  void helpGoesToStandardOutput() {
    assertEquals(0, run("--help"));
    assertTrue(out.toString().contains("sim"), out::toString);
    assertEquals("", err.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--domains 0 | --domains is a number from 1 to 1000",
        "--domains 1001 | --domains is a number from 1 to 1000",
        "--domains many | --domains",
        "--domain 1=10.0.0 | 10.0.0",
        "--domain 1=10.0.0.1,nothing | nothing",
        "--domain 0=10.0.0.1 | number",
        "--domain 1 --domain 1=10.0.0.1 | --domain 1 is given twice",
        "--domains 2 --domain 1 | --domain",
        "--grant-pages 0 | granted pages",
        "--ports 100000 | ports",
        "--daemon rust | --daemon",
        "--frob | --frob",
      })
  void badValueOfSimIsNamedInOneLine(String arguments, String named) {
    Path directory = temporary.resolve("host");
    assertEquals(2, run(("sim " + directory + " " + arguments).split(" ", -1)));
    assertOneLine("xenshm sim: ");
    assertTrue(err.toString().contains(named), err::toString);
    assertFalse(Files.exists(directory), "nothing was started");
  }

  @Test
  void missingDirectoryOfSimIsNamed() {
    assertEquals(2, run("sim"));
    assertOneLine("xenshm sim: ");
    assertTrue(err.toString().contains("DIR"), err::toString);
  }

  @Test
  void directoryWithOtherFilesIsRefused() throws Exception {
    Files.writeString(temporary.resolve("letter"), "dear");
    assertEquals(1, run("sim", temporary.toString()));
    assertOneLine("xenshm sim: ");
    assertTrue(err.toString().contains(temporary.toString()), err::toString);
    assertTrue(Files.exists(temporary.resolve("letter")));
  }

  @Test
  void doctorWritesFilesBelowDirectoryAndKeepsWhatIsThere() throws Exception {
    assertEquals(
        0,
        run("doctor", "--write", temporary.toString(), "--group", "wheel", "--grant-pages", "77"));
    Path limit = temporary.resolve("etc/modprobe.d/xenshm.conf");
    assertTrue(Files.readString(limit).contains("limit=77"));
    try (Stream<Path> rules = Files.list(temporary.resolve("etc/udev/rules.d"))) {
      assertTrue(Files.readString(rules.findFirst().orElseThrow()).contains("GROUP=\"wheel\""));
    }

    assertEquals(1, run("doctor", "--write", temporary.toString(), "--grant-pages", "78"));
    assertOneLine("xenshm doctor: ");
    assertTrue(err.toString().contains(limit.getParent().getParent().toString()), err::toString);
    assertTrue(Files.readString(limit).contains("limit=77"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--group Wheel! | Wheel!",
        "--grant-pages 0 | --grant-pages",
        "--grant-pages x | --grant-pages",
      })
  void badValueOfDoctorIsNamedInOneLine(String arguments, String named) {
    assertEquals(2, run(("doctor --write " + temporary + " " + arguments).split(" ", -1)));
    assertOneLine("xenshm doctor: ");
    assertTrue(err.toString().contains(named), err::toString);
  }

  @Test
  void doctorSaysOfEachThingWhetherItIsThere() {
    int code = run("doctor");
    assertTrue(out.toString().contains("hypervisor"), out::toString);
    assertEquals(code != 0, out.toString().contains("MISSING"), out::toString);
    assertEquals("", err.toString());
  }

  private int run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private void assertOneLine(String beginning) {
    String text = err.toString();
    assertTrue(text.startsWith(beginning), text);
    assertEquals(1, text.lines().count(), text);
  }
}
