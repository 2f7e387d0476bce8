package io.xenshm.containers;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.testcontainers.containers.output.OutputFrame;

/** What a container prints, line by line. One thread at a time may wait. */
final class ContainerLines implements Consumer<OutputFrame> {
  private static final String END = "";
  private static final int SHOWN_AT_MOST = 20;

  private final BlockingQueue<String> coming = new LinkedBlockingQueue<>();
  private final List<String> all = Collections.synchronizedList(new ArrayList<>());

  @Override
  public void accept(OutputFrame frame) {
    if (frame.getType() == OutputFrame.OutputType.END) {
      coming.add(END);
      return;
    }
    frame
        .getUtf8StringWithoutLineEnding()
        .lines()
        .filter(line -> !line.isEmpty())
        .forEach(
            line -> {
              all.add(line);
              coming.add(line);
            });
  }

  /** Forgets what was printed before the container was started again. */
  void clear() {
    coming.clear();
    all.clear();
  }

  /**
   * Returns the next line that begins with a text.
   *
   * @throws IOException if the container ends before, or no such line comes in time; with the last
   *     lines
   */
  String await(String name, String start, Duration patience)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      String line = coming.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null) {
        throw new IOException(
            name + " did not print '" + start + "' for " + patience.toSeconds() + " s" + last());
      }
      if (line.equals(END)) {
        throw new IOException(name + " ended and did not print '" + start + "'" + last());
      }
      if (line.startsWith(start)) {
        return line;
      }
    }
  }

  /**
   * Waits for the end of the output.
   *
   * @throws IOException if it does not come in time
   */
  void awaitEnd(String name, Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    String line = "start";
    while (!line.equals(END)) {
      line = coming.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null) {
        throw new IOException(name + " does not end" + last());
      }
    }
  }

  /** Returns all lines so far. */
  List<String> all() {
    synchronized (all) {
      return List.copyOf(all);
    }
  }

  private String last() {
    List<String> printed = all();
    int from = Math.max(0, printed.size() - SHOWN_AT_MOST);
    return "; it printed:\n" + String.join("\n", printed.subList(from, printed.size()));
  }
}
