package io.xenshm.examples.transfer;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongConsumer;

/**
 * Shows how far a transfer is: a bar that is drawn over itself on a terminal, a line every 25
 * percent otherwise. For one thread at a time.
 */
public final class ProgressBar implements LongConsumer {
  private static final int CELLS = 30;
  private static final int PERCENT = 100;
  private static final int LINE_STEP = 25;
  private static final double MEGABYTE = 1e6;

  private final PrintStream out;
  private final boolean terminal;
  private final String label;
  private final long total;
  private long shown;

  /**
   * Creates a bar that shows nothing yet.
   *
   * @param terminal whether {@code out} understands a carriage return
   * @param total number of bytes that is all
   */
  public ProgressBar(PrintStream out, boolean terminal, String label, long total) {
    this.out = out;
    this.terminal = terminal;
    this.label = label;
    this.total = total;
  }

  /** Returns whether standard output is a terminal. */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again where there is no terminal
  public static boolean onTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** Shows that {@code done} bytes are through. */
  @Override
  public void accept(long done) {
    int step = terminal ? 1 : LINE_STEP;
    long percent = done * PERCENT / total / step * step;
    if (percent <= shown) {
      return;
    }
    shown = percent;
    String numbers =
        String.format(
            Locale.ROOT, "%3d %%  %.0f of %.0f MB", percent, done / MEGABYTE, total / MEGABYTE);
    if (terminal) {
      int filled = (int) (percent * CELLS / PERCENT);
      String bar = "#".repeat(filled) + "-".repeat(CELLS - filled);
      out.print("\r" + label + " [" + bar + "] " + numbers + (percent == PERCENT ? "\n" : ""));
    } else {
      out.println(label + " " + numbers);
    }
    out.flush();
  }
}
