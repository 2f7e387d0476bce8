package io.xenshm.soak;

import io.xenshm.examples.UsageException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What the command line asks for.
 *
 * @param seconds how long operations are begun
 * @param seed chooses all that happens
 */
record SoakOptions(int seconds, long seed) {
  static final String USAGE = "use ./xenshm soak [--minutes N | --seconds N] [--seed S]";

  static SoakOptions parse(String[] arguments) throws UsageException {
    int seconds = 60;
    long seed = ThreadLocalRandom.current().nextInt(1_000_000);
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new UsageException(arguments[i] + " needs a value: " + USAGE);
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--seconds" -> seconds = (int) number(value, 86_400);
        case "--minutes" -> seconds = 60 * (int) number(value, 1440);
        case "--seed" -> seed = number(value, Long.MAX_VALUE);
        default -> throw new UsageException(arguments[i] + " is unknown: " + USAGE);
      }
    }
    return new SoakOptions(seconds, seed);
  }

  private static long number(String value, long most) throws UsageException {
    long number = value.matches("\\d{1,18}") ? Long.parseLong(value) : -1;
    if (number < 0 || number > most) {
      throw new UsageException("'" + value + "' is no number from 0 to " + most + ": " + USAGE);
    }
    return number;
  }
}
