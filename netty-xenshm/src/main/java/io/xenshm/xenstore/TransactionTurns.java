package io.xenshm.xenstore;

import java.util.ArrayDeque;

/**
 * Keeps the number of transactions that a client has open at a time below what a daemon allows a
 * guest, which is about ten for all of its processes; the others wait in the order they came. All
 * threads may call it.
 */
final class TransactionTurns {
  static final int AT_A_TIME = 4;

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>(); // this
  private int open; // this

  /** Whether a thread is about to begin what waits: one loop, however deep its transactions end. */
  private boolean beginning; // this

  /** Runs {@code transaction} once it is its turn, at the latest in {@link #leave} of another. */
  void enter(Runnable transaction) {
    synchronized (this) {
      waiting.add(transaction);
    }
    beginWaiting();
  }

  /** To be called once by each transaction that was run, when it has ended. */
  void leave() {
    synchronized (this) {
      open--;
    }
    beginWaiting();
  }

  private void beginWaiting() {
    synchronized (this) {
      if (beginning) {
        return;
      }
      beginning = true;
    }
    for (Runnable next = next(); next != null; next = next()) {
      next.run();
    }
  }

  private synchronized Runnable next() {
    if (open == AT_A_TIME || waiting.isEmpty()) {
      beginning = false;
      return null;
    }
    open++;
    return waiting.poll();
  }
}
