package io.xenshm.link;

import java.util.HashMap;
import java.util.Map;

/**
 * The listeners of one domain, as they were read since the last change to any of them. A watch
 * tells of changes. May be used from any thread.
 */
final class ListenerCache {
  /** More ports than that are not remembered. */
  private static final int MAX_PORTS = 256;

  private final Map<ListenerPort, Map<String, ListenerRecord>> known = new HashMap<>();
  private int changes;

  /** Returns the records of a port's listeners, by process; {@code null} where they are unknown. */
  synchronized Map<String, ListenerRecord> get(ListenerPort port) {
    return known.get(port);
  }

  /**
   * Returns how many changes there were, to be given to {@link #put} after the records were read.
   */
  synchronized int changes() {
    return changes;
  }

  /** Remembers what was read, unless something changed meanwhile. */
  synchronized void put(ListenerPort port, Map<String, ListenerRecord> records, int changesBefore) {
    if (changes == changesBefore && known.size() < MAX_PORTS && !records.isEmpty()) {
      known.put(port, Map.copyOf(records));
    }
  }

  synchronized void changed() {
    changes++;
    known.clear();
  }
}
