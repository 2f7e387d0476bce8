package io.xenshm.examples;

import java.util.concurrent.ExecutionException;

/**
 * Runs the body of a {@code main} and ends the process: with 0, with 2 and one line on standard
 * error where the arguments are wrong, with 1 and one line where something failed.
 */
public final class Program {
  private static final int FAILED = 1;
  private static final int WRONG_USAGE = 2;

  private Program() {}

  /** What a program does. */
  @FunctionalInterface
  public interface Body {
    /** Runs to the end of the program. */
    void run() throws Exception;
  }

  /** Runs the body and exits. Does not return. */
  public static void run(String name, Body body) {
    System.exit(exitCode(name, body));
  }

  private static int exitCode(String name, Body body) {
    try {
      body.run();
      return 0;
    } catch (UsageException e) {
      System.err.println(name + ": " + e.getMessage());
      return WRONG_USAGE;
    } catch (Exception e) {
      System.err.println(name + ": " + message(e));
      return FAILED;
    }
  }

  private static String message(Throwable failure) {
    if (failure instanceof ExecutionException && failure.getCause() != null) {
      return message(failure.getCause());
    }
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
