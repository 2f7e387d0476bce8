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

  /** Returns how long to look for work before sleeping, in nanoseconds. */
  long spinNanos();

  /** Returns the domain at the other end. */
  int peerDomain();

  /**
   * Finds out whether its memory is there, and ends where it is not, at the next look.
   *
   * @return whether it is there
   */
  boolean checkMemory();

  /** Ends: something was thrown, by the program's code perhaps, that nothing else caught. */
  void failed(Throwable cause);
}
