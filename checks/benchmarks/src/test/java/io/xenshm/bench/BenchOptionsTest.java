package io.xenshm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.UsageException;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BenchOptionsTest {

  @Test
  void everythingIsMeasuredUnlessSomethingIsNamed() throws UsageException {
    BenchOptions options = BenchOptions.parse(new String[0]);
    assertEquals(EnumSet.complementOf(EnumSet.of(Transport.XENSHM_TCP)), options.transports());
    assertEquals(EnumSet.allOf(Benchmark.class), options.benchmarks());
  }

  @Test
  void namesSelectTransportsAndBenchmarks() throws UsageException {
    BenchOptions options = parse("--only xenshm,uds,ping");
    assertEquals(EnumSet.of(Transport.XENSHM, Transport.UDS), options.transports());
    assertEquals(EnumSet.of(Benchmark.PING), options.benchmarks());
  }

  @Test
  void quickMeansFewerRoundsUnlessTheirNumberIsGiven() throws UsageException {
    assertTrue(parse("--quick").rounds() < parse("").rounds());
    assertEquals(7, parse("--quick --rounds 7").rounds());
  }

  @Test
  void theCheckComparesWithTheUnixDomainSocketOnly() throws UsageException {
    assertEquals(EnumSet.of(Transport.XENSHM, Transport.UDS), parse("--check").transports());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--slow",
        "--rounds",
        "--rounds 0",
        "--rounds x",
        "--only tcp",
        "--only xenshm,",
        "--ring-size 5000",
        "--ring-size 2048",
        "stream"
      })
  void wrongOptionsAreExplainedInOneLine(String line) {
    UsageException failure = assertThrows(UsageException.class, () -> parse(line));
    assertEquals(1, failure.getMessage().lines().count());
  }

  private static BenchOptions parse(String line) throws UsageException {
    return BenchOptions.parse(line.isEmpty() ? new String[0] : line.split(" ", -1));
  }
}
