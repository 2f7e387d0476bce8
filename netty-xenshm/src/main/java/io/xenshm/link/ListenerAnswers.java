package io.xenshm.link;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which listening processes took this process's offers, and which gave no answer. One that died
 * leaves its record, and another domain cannot tell it from one that is slow: so where a port has
 * several listeners, the next offer goes to one that took one, or to one that was not asked for the
 * longest time. May be used from any thread.
 */
final class ListenerAnswers {
  /** More processes than that are not remembered. */
  private static final int MAX = 256;

  /** By process, the latest at the end: a number that grows, negative where it accepted. */
  private final Map<String, Long> known = new LinkedHashMap<>(); // this

  private long count; // this

  /** A process did not answer in time. */
  synchronized void silent(String process) {
    put(process, ++count);
  }

  /** A process took an offer. */
  synchronized void accepted(String process) {
    put(process, - ++count);
  }

  private void put(String process, long value) {
    known.remove(process);
    known.put(process, value);
    if (known.size() > MAX) {
      known.remove(known.keySet().iterator().next());
    }
  }

  /**
   * Returns the one that accepted last, or else one that is not known, or else the one whose
   * silence is the longest ago.
   */
  synchronized String best(Collection<String> processes) {
    return processes.stream()
        .min(Comparator.comparingLong(process -> known.getOrDefault(process, 0L)))
        .orElseThrow();
  }
}
