package io.xenshm.netty;

/** What {@link XenShmIoHandler} looks at, again and again. All methods run on the event loop. */
interface Pollable {

  /**
   * Reads and writes what can be; returns how many steps that were, 0 where there was nothing to
   * do.
   */
  int poll();

  /**
   * Arms the doorbells that are to wake this one.
   *
   * @return false where there is something to do after all
   */
  boolean prepareToSleep();

  /**
   * Looks once more, behind a fence, at the bells of peers that may have gone to sleep while this
   * one published or released something.
   */
  default void lookAtBells() {}

  /** Returns how long to look for work before sleeping, in nanoseconds. */
  long spinNanos();
}
