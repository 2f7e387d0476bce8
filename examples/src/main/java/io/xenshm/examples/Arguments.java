package io.xenshm.examples;

/** Reads numbers from a command line. */
public final class Arguments {
  private static final long KILO = 1000;

  private Arguments() {}

  /**
   * Reads a positive number of bytes with an optional unit: {@code K}, {@code M} or {@code G} for
   * powers of 1000.
   *
   * @throws UsageException if the text is no such number
   */
  public static long bytes(String text) throws UsageException {
    String digits = text;
    long unit = 1;
    int power = text.isEmpty() ? -1 : "KMG".indexOf(text.charAt(text.length() - 1));
    if (power >= 0) {
      digits = text.substring(0, text.length() - 1);
      unit = (long) Math.pow(KILO, power + 1);
    }
    try {
      long size = Math.multiplyExact(Long.parseLong(digits), unit);
      if (size > 0) {
        return size;
      }
    } catch (NumberFormatException | ArithmeticException e) {
      // reported below, as every other text that is no size
    }
    throw new UsageException("'" + text + "' is no size: use for example 300M");
  }

  /**
   * Reads a number of at least 1.
   *
   * @throws UsageException if the text is no such number
   */
  public static int count(String text) throws UsageException {
    try {
      int count = Integer.parseInt(text);
      if (count > 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // reported below, as every other text that is no count
    }
    throw new UsageException("'" + text + "' is no number of at least 1");
  }
}
