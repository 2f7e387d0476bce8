package io.xenshm.soak;

import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/** What a failure looks like that an end may meet when the other end, or its host, is gone. */
final class Outcome {
  private Outcome() {}

  /** Returns one line: {@code failed}, if the failure is one that may be, then the failure. */
  static String of(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    String line = cause.toString().replaceAll("\\s+", " ");
    return (isExpected(cause) ? "failed " : "WRONG ") + line;
  }

  static void complainUnlessExpected(Throwable failure, Consumer<String> complaints) {
    if (!isExpected(failure)) {
      failure.printStackTrace();
      complaints.accept("WRONG exception " + failure.toString().replaceAll("\\s+", " "));
    }
  }

  private static boolean isExpected(Throwable failure) {
    return failure instanceof IOException || failure instanceof RejectedExecutionException;
  }
}
