package io.xenshm.machine;

import java.io.PrintStream;

/** The lines on a guest's console that the script outside reads, and the exit code. */
final class Report {
  /** Something that is checked; it fails by any exception. */
  @FunctionalInterface
  interface Check {
    void run() throws Exception;
  }

  private final PrintStream out = System.out;
  private int failures;

  /** Runs one check and prints what came of it; returns whether it passed. */
  boolean check(String name, Check check) {
    long start = System.nanoTime();
    try {
      check.run();
      out.printf("PASS %s (%.1f s)%n", name, (System.nanoTime() - start) / 1e9);
      return true;
    } catch (Exception | AssertionError e) {
      failures++;
      out.printf("FAIL %s (%.1f s): %s%n", name, (System.nanoTime() - start) / 1e9, e);
      e.printStackTrace(out);
      return false;
    } finally {
      out.flush();
    }
  }

  void note(String text) {
    out.println(text);
    out.flush();
  }

  /** Ends the process: with 0 if nothing failed, else with 1. */
  void exit() {
    out.flush();
    System.exit(failures == 0 ? 0 : 1);
  }

  static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }
}
