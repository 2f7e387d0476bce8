package io.xenshm.sim;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assertions;

/** Waits, with an end that only a hanging test meets. */
public final class Await {
  private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);

  private Await() {}

  /** Waits until the condition holds. */
  public static void until(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT_NANOS;
    while (!condition.call()) {
      if (System.nanoTime() - deadline > 0) {
        Assertions.fail("did not come in time: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }
}
