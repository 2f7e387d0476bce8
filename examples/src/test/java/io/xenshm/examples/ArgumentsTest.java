package io.xenshm.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {

  @ParameterizedTest
  @CsvSource({"1,1", "999,999", "4K,4000", "300M,300000000", "2G,2000000000"})
  void readsSizes(String text, long bytes) throws UsageException {
    assertEquals(bytes, Arguments.bytes(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "M", "0", "-1", "3T", "1.5M", "99999999999G", "x"})
  void refusesWhatIsNoSize(String text) {
    UsageException refusal = assertThrows(UsageException.class, () -> Arguments.bytes(text));
    assertTrue(refusal.getMessage().contains("'" + text + "'"), refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-7", "many", "4000000000"})
  void refusesWhatIsNoCount(String text) {
    assertThrows(UsageException.class, () -> Arguments.count(text));
  }

  @Test
  void readsCounts() throws UsageException {
    assertEquals(20_000, Arguments.count("20000"));
  }
}
