package io.xenshm.examples.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private static final long TOTAL = 40_000_000;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void printsFourLinesWhereThereIsNoTerminal() {
    count(new ProgressBar(out, false, "file", TOTAL));
    assertEquals(
        """
        file  25 %  10 of 40 MB
        file  50 %  20 of 40 MB
        file  75 %  30 of 40 MB
        file 100 %  40 of 40 MB
        """,
        printed());
  }

  @Test
  void drawsOneLineOverItselfOnATerminal() {
    count(new ProgressBar(out, true, "file", TOTAL));
    String text = printed();
    assertTrue(text.contains("\rfile [###############---------------]  50 %  20 of 40 MB"), text);
    assertTrue(text.endsWith("[##############################] 100 %  40 of 40 MB\n"), text);
    assertEquals(100, text.chars().filter(c -> c == '\r').count());
    assertFalse(text.substring(0, text.length() - 1).contains("\n"), text);
  }

  private static void count(ProgressBar bar) {
    for (long done = 0; done <= TOTAL; done += TOTAL / 400) {
      bar.accept(done);
    }
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }
}
