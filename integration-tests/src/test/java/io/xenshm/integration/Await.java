package io.xenshm.integration;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.opentest4j.AssertionFailedError;

/** Waits for a state that nothing tells of. */
final class Await {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int PERIOD_MILLIS = 20;

  private Await() {}

  /**
   * Returns the first value that fulfils a condition.
   *
   * @throws AssertionFailedError with the last value if none does in 30 seconds
   */
  static <T> T until(String condition, Callable<T> value, Predicate<T> fulfilled) throws Exception {
    CompletableFuture<T> found = new CompletableFuture<>();
    AtomicReference<T> last = new AtomicReference<>();
    try (ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor()) {
      timer.scheduleWithFixedDelay(
          () -> {
            try {
              T now = value.call();
              last.set(now);
              if (fulfilled.test(now)) {
                found.complete(now);
              }
            } catch (Exception e) {
              found.completeExceptionally(e);
            }
          },
          0,
          PERIOD_MILLIS,
          TimeUnit.MILLISECONDS);
      try {
        return found.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        throw new AssertionFailedError(condition + " did not come true: " + last.get(), e);
      } finally {
        timer.shutdownNow();
      }
    }
  }

  /** Waits until a value is the expected one. */
  static <T> void equal(T expected, Callable<T> value) throws Exception {
    until("expected " + expected, value, expected::equals);
  }
}
