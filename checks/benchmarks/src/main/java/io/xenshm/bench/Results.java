package io.xenshm.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.HdrHistogram.Histogram;

/** The values of all rounds. */
final class Results {

  /**
   * What a value is of.
   *
   * @param series a transport, or a way of using it
   * @param parameter bytes of a message, or number of connections
   */
  record Subject(Benchmark benchmark, String series, int parameter) {}

  private final Map<Subject, Map<Metric, List<Double>>> values = new HashMap<>();
  private final Map<Subject, Histogram> histograms = new HashMap<>();

  void add(Subject subject, Metric metric, double value) {
    values
        .computeIfAbsent(subject, any -> new HashMap<>())
        .computeIfAbsent(metric, any -> new ArrayList<>())
        .add(value);
  }

  /** Adds the round trips of a round to those of the others. */
  void add(Subject subject, Histogram histogram) {
    histograms.merge(
        subject,
        histogram,
        (all, more) -> {
          all.add(more);
          return all;
        });
  }

  /** Returns the median over the rounds. */
  OptionalDouble median(Subject subject, Metric metric) {
    double[] sorted = sorted(subject, metric);
    int middle = sorted.length / 2;
    if (sorted.length == 0) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }

  /** Returns the values of all rounds, the least first. */
  double[] sorted(Subject subject, Metric metric) {
    double[] sorted = values(subject, metric);
    Arrays.sort(sorted);
    return sorted;
  }

  /** Returns the values, one of each round, in the order of the rounds. */
  double[] values(Subject subject, Metric metric) {
    return values.getOrDefault(subject, Map.of()).getOrDefault(metric, List.of()).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  /** Returns the round trips of all rounds, or null. */
  Histogram histogram(Subject subject) {
    return histograms.get(subject);
  }

  /** Returns what was measured of a benchmark: its series, in the order of {@code all}. */
  List<String> series(Benchmark benchmark, List<String> all) {
    return all.stream()
        .filter(
            name ->
                values.keySet().stream()
                    .anyMatch(
                        subject ->
                            subject.benchmark() == benchmark && subject.series().equals(name)))
        .toList();
  }

  /** Returns the parameters of a benchmark, the least first. */
  List<Integer> parameters(Benchmark benchmark) {
    TreeSet<Integer> all = new TreeSet<>();
    values.keySet().stream()
        .filter(subject -> subject.benchmark() == benchmark)
        .forEach(subject -> all.add(subject.parameter()));
    return List.copyOf(all);
  }
}
