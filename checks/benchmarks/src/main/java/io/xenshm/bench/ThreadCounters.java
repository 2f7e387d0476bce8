package io.xenshm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux counts of a thread, in the files of its directory below {@code /proc}. */
public final class ThreadCounters {
  /** How often it waited; in {@code status}, see proc_pid_status(5). */
  public static final String SLEEPS = "voluntary_ctxt_switches:";

  private ThreadCounters() {}

  /**
   * Returns the sum of the counters that a file has under some names.
   *
   * @throws IOException if it cannot be read: the thread may have ended
   */
  public static long sum(Path file, String... names) throws IOException {
    long sum = 0;
    for (String line : Files.readAllLines(file)) {
      for (String name : names) {
        if (line.startsWith(name)) {
          sum += Long.parseLong(line.substring(name.length()).trim());
        }
      }
    }
    return sum;
  }
}
