package io.xenshm.bench;

/**
 * The ratio of two series whose values were measured in turn, with the interval that holds it with
 * 95 % (of the logarithms, by Student's t).
 *
 * @param mean the geometric mean of the pairs' ratios
 * @param low the interval's lower end
 * @param high the interval's upper end
 */
record PairedRatio(double mean, double low, double high) {

  /**
   * Compares two series of the same length, at least 2.
   *
   * @throws IllegalArgumentException if they are not
   */
  static PairedRatio of(double[] values, double[] others) {
    int pairs = values.length;
    if (pairs != others.length || pairs < 2) {
      throw new IllegalArgumentException(pairs + " values and " + others.length + " others");
    }
    double sum = 0;
    double[] logarithms = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      logarithms[i] = Math.log(values[i] / others[i]);
      sum += logarithms[i];
    }
    double mean = sum / pairs;
    double squares = 0;
    for (double logarithm : logarithms) {
      squares += (logarithm - mean) * (logarithm - mean);
    }
    double error = Math.sqrt(squares / (pairs - 1) / pairs) * student(pairs - 1);
    return new PairedRatio(Math.exp(mean), Math.exp(mean - error), Math.exp(mean + error));
  }

  /** Student's t for 95 %, two-sided; within 2 % from 4 degrees of freedom on. */
  private static double student(int degrees) {
    return 1.96 + 2.37 / degrees + 2.8 / ((double) degrees * degrees);
  }
}
