package io.xenshm.bench;

import java.util.List;

/**
 * A plot of the report.
 *
 * @param bars whether values stand as bars, and not as points of a line on a logarithmic scale
 * @param unit of the values
 * @param labels of the places along the axis
 * @param lines one for each series
 */
record Chart(String title, boolean bars, String unit, List<String> labels, List<Line> lines) {

  /**
   * A series.
   *
   * @param values one for each place; null where there is none
   */
  record Line(String name, List<Double> values) {}
}
