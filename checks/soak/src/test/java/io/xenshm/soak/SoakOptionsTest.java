package io.xenshm.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SoakOptionsTest {

  @Test
  void minutesAndSeedAreTaken() throws Exception {
    assertEquals(new SoakOptions(180, 5), parse("--minutes 3 --seed 5"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--minutes", "--minutes x", "--seconds -1", "--hours 1", "--minutes 99999"})
  void whatIsWrongIsAnsweredByWhatIsRight(String arguments) {
    UsageException wrong = assertThrows(UsageException.class, () -> parse(arguments));
    assertTrue(wrong.getMessage().contains("./xenshm soak"), wrong.getMessage());
  }

  private static SoakOptions parse(String arguments) throws UsageException {
    return SoakOptions.parse(arguments.split(" ", -1));
  }
}
