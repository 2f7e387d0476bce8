package io.xenshm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.bench.Results.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReportTest {
  private static final int SIZE = 256;

  private final Results results = new Results();
  @TempDir private Path directory;

  @BeforeEach
  void measured() {
    for (double rate : new double[] {100, 900, 300}) {
      stream(Transport.XENSHM, rate);
    }
    for (double rate : new double[] {50, 150}) {
      stream(Transport.UDS, rate);
    }
  }

  @Test
  void mediansAreThoseOfOddAndEvenNumbersOfRounds() {
    assertEquals(300, median(Transport.XENSHM));
    assertEquals(100, median(Transport.UDS));
  }

  @Test
  void thePapersFiguresStandBesideOurs() {
    Section first = summary().sections().get(0);
    assertEquals(List.of("256", "278", "about 100", "2400", "-"), first.rows().get(0));
  }

  @Test
  void ratiosAreOursDividedByTheOthers() {
    Section ratios =
        summary().sections().stream()
            .filter(section -> section.title().startsWith("Stream: times"))
            .findFirst()
            .orElseThrow();
    assertEquals(List.of("", "uds"), ratios.columns());
    assertEquals(List.of("256", "3.00"), ratios.rows().get(0));
  }

  @Test
  void nothingIsSaidOfWhatWasNotMeasured() {
    assertTrue(
        summary().sections().stream().noneMatch(section -> section.title().contains("Round trip")));
  }

  @Test
  void thePageHoldsTheFiguresAndLoadsNothing() throws IOException {
    Path page = directory.resolve("new").resolve("report.html");
    HtmlReport.write(summary(), page);
    String html = Files.readString(page);
    assertTrue(html.contains("\"256\",\"278\",\"about 100\",\"2400\""));
    assertFalse(html.contains("@DATA@") || html.contains("@CHART_JS@"));
    assertFalse(html.contains("<script src") || html.contains("<link"));
  }

  @Test
  void aCollapseIsAFailureAndAGoodRatioIsNone() throws IOException {
    RelativeCheck.verify(results);
    for (int i = 0; i < 9; i++) {
      stream(Transport.UDS, 10_000);
    }
    assertThrows(IOException.class, () -> RelativeCheck.verify(results));
  }

  private void stream(Transport transport, double rate) {
    results.add(subject(transport), Metric.MEGABYTES_PER_SECOND, rate);
  }

  private double median(Transport transport) {
    return results.median(subject(transport), Metric.MEGABYTES_PER_SECOND).orElseThrow();
  }

  private static Subject subject(Transport transport) {
    return new Subject(Benchmark.STREAM, transport.label(), SIZE);
  }

  private Summary summary() {
    return new Summary(List.of("a machine"), results);
  }
}
