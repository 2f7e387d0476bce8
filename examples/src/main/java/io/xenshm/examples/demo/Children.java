package io.xenshm.examples.demo;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The child processes of one program. Once it is closed, no new one is started. May be used from
 * any thread.
 */
public final class Children implements AutoCloseable {
  private final Deque<ChildJvm> newestFirst = new ArrayDeque<>();
  private boolean closed;

  /** Starts a process. */
  @FunctionalInterface
  public interface Starter {
    /** Starts it. */
    ChildJvm start() throws IOException;
  }

  /**
   * Starts a process, which ends with the others.
   *
   * @throws IOException if it cannot be started, or this is closed
   */
  public synchronized ChildJvm add(Starter starter) throws IOException {
    if (closed) {
      throw new IOException("interrupted");
    }
    ChildJvm child = starter.start();
    newestFirst.push(child);
    return child;
  }

  /** Ends all of them, the newest first, and waits until they are gone. */
  @Override
  public synchronized void close() {
    closed = true;
    while (!newestFirst.isEmpty()) {
      newestFirst.pop().close();
    }
  }
}
