package io.xenshm.soak;

/** What must not be, told at once. */
final class Findings {
  private static final int MOST = 20;

  private int count;

  synchronized void add(String finding) {
    count++;
    if (count <= MOST) {
      Soak.say("FINDING  " + finding);
    }
  }

  synchronized boolean any() {
    return count > 0;
  }

  /** Returns whether going on would tell nothing new. */
  synchronized boolean enough() {
    return count >= MOST;
  }
}
