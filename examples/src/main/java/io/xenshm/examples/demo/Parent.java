package io.xenshm.examples.demo;

import java.io.IOException;

/** The process that started this one, and that holds the other end of its standard input. */
public final class Parent {
  private static final int PARENT_IS_GONE = 3;

  private Parent() {}

  /** Returns when the parent closes its end, or dies. */
  public static void awaitEnd() {
    try {
      while (System.in.read() >= 0) {
        // nothing is ever said here
      }
    } catch (IOException e) {
      // nobody is there any more
    }
  }

  /** Ends this process, without further work, when the parent closes its end, or dies. */
  public static void endWithIt() {
    Thread.ofPlatform()
        .daemon()
        .name("parent watch")
        .start(
            () -> {
              awaitEnd();
              Runtime.getRuntime().halt(PARENT_IS_GONE);
            });
  }
}
