package io.xenshm.link;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which listening processes took this process's offers, and which gave no answer. One that died
 * leaves its record, and another domain cannot tell it from one that is slow: so where a port has
 * several listeners, the next offer goes to one that took one, or to one that was not asked for the
 * longest time. What one domain answers says nothing of another's processes, whatever names it
 * gives its own. May be used from any thread.
 */
final class ListenerAnswers {
  /** More domains than that are not remembered. */
  private static final int MAX_DOMAINS = 256;

  /** By domain, the one that answered last at the end. */
  private final Map<Integer, Map<String, Long>> domains = new LinkedHashMap<>(); // this

  private long count; // this

  /** A process did not answer in time. */
  synchronized void silent(int domain, String process) {
    put(domain, process, ++count);
  }

  /** A process took an offer. */
  synchronized void accepted(int domain, String process) {
    put(domain, process, - ++count);
  }

  /**
   * By process, the latest at the end: a number that grows, negative where it accepted. Not more
   * processes than are looked at.
   */
  private void put(int domain, String process, long value) {
    Map<String, Long> known = domains.remove(domain);
    if (known == null) {
      known = new LinkedHashMap<>();
    }
    known.remove(process);
    known.put(process, value);
    removeOldestBeyond(ListenerSearch.MAX_PROCESSES, known);
    domains.put(domain, known);
    removeOldestBeyond(MAX_DOMAINS, domains);
  }

  private static <K> void removeOldestBeyond(int most, Map<K, ?> entries) {
    if (entries.size() > most) {
      entries.remove(entries.keySet().iterator().next());
    }
  }

  /**
   * Returns the process of a domain that accepted last, or else one that is not known, or else the
   * one whose silence is the longest ago.
   */
  synchronized String best(int domain, Collection<String> processes) {
    Map<String, Long> known = domains.getOrDefault(domain, Map.of());
    return processes.stream()
        .min(Comparator.comparingLong(process -> known.getOrDefault(process, 0L)))
        .orElseThrow();
  }
}
