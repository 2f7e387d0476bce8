package io.xenshm.xen.contract;

import io.xenshm.xen.XenException;
import java.util.Objects;

/** Assertions that need no test framework. */
public final class Check {
  private Check() {}

  /** Fails unless the condition holds. */
  public static void that(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError("not so: " + what);
    }
  }

  /** Fails unless the two are equal. */
  public static void equal(Object expected, Object actual, String what) {
    if (!Objects.equals(expected, actual)) {
      throw new AssertionError(what + ": expected " + expected + ", but it is " + actual);
    }
  }

  /** Fails unless the body throws a {@link XenException} with a message, which is returned. */
  public static XenException refused(String what, Body body) throws Exception {
    try {
      body.run();
    } catch (XenException e) {
      that(e.getMessage() != null && !e.getMessage().isBlank(), "a message says why: " + what);
      return e;
    }
    throw new AssertionError("was not refused: " + what);
  }

  /** Something that may fail. */
  @FunctionalInterface
  public interface Body {
    /** Runs it. */
    void run() throws Exception;
  }
}
