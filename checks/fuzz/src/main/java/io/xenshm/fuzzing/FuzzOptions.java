package io.xenshm.fuzzing;

import io.xenshm.fuzz.Fuzzing;
import java.nio.file.Path;
import java.util.List;

/**
 * What the command line asks for.
 *
 * @param seeds the directory with the seeds, one directory for each target
 * @param work the directory for corpus, findings and logs
 * @param targets the classes of the targets to run
 * @param seconds how long all of them run together
 * @param replay a file to run once instead; {@code null} to fuzz
 */
record FuzzOptions(Path seeds, Path work, List<String> targets, int seconds, Path replay) {
  static final String USAGE =
      "--seconds N | --minutes N (for all targets together), --target NAME, --replay FILE";

  /**
   * Reads them.
   *
   * @throws IllegalArgumentException with what is right where something is not
   */
  static FuzzOptions parse(String[] arguments) {
    Path seeds = Path.of("seeds");
    Path work = Path.of("fuzz");
    List<String> targets = Fuzzing.targets();
    int seconds = 60;
    Path replay = null;
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(arguments[i] + " needs a value: " + USAGE);
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--seeds" -> seeds = Path.of(value);
        case "--work" -> work = Path.of(value);
        case "--seconds" -> seconds = number(value);
        case "--minutes" -> seconds = Math.multiplyExact(60, number(value));
        case "--target" -> targets = named(value);
        case "--replay" -> replay = Path.of(value);
        default -> throw new IllegalArgumentException(arguments[i] + " is unknown: " + USAGE);
      }
    }
    if (replay != null && targets.size() != 1) {
      throw new IllegalArgumentException("--replay needs --target NAME with one target's name");
    }
    return new FuzzOptions(seeds, work, targets, seconds, replay);
  }

  private static int number(String value) {
    if (!value.matches("[1-9]\\d{0,5}")) {
      throw new IllegalArgumentException("'" + value + "' is no number from 1 to 999999");
    }
    return Integer.parseInt(value);
  }

  private static List<String> named(String name) {
    List<String> found =
        Fuzzing.targets().stream().filter(target -> target.endsWith("." + name)).toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "no target is called " + name + "; there are " + Fuzzing.targets());
    }
    return found;
  }
}
