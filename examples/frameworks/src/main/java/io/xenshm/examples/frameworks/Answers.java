package io.xenshm.examples.frameworks;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How the examples' clients check what the server answers. */
public final class Answers {
  private static final long TIMEOUT_SECONDS = 30;

  private Answers() {}

  /**
   * Waits for an answer, for a bounded time.
   *
   * @throws IOException if none comes
   */
  public static <T> T await(CompletionStage<T> answer) throws Exception {
    try {
      return answer.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IOException("no answer for " + TIMEOUT_SECONDS + " s", e);
    }
  }

  /**
   * Does nothing where an answer is the right one.
   *
   * @param what names the answer
   * @throws IOException if it is another one
   */
  public static void check(String what, Object expected, Object actual) throws IOException {
    if (!Objects.equals(expected, actual)) {
      throw new IOException("wrong " + what + ": " + actual + " instead of " + expected);
    }
  }
}
