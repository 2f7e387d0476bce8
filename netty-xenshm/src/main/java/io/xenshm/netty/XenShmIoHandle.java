package io.xenshm.netty;

import io.netty.channel.IoHandle;

/**
 * What {@link XenShmIoHandler} carries itself, beside the handles of epoll. All methods run on the
 * event loop.
 */
interface XenShmIoHandle extends IoHandle {

  /**
   * Reads and writes what can be; returns how many steps that were, 0 where there was nothing to
   * do.
   */
  int poll();

  /**
   * Arms the doorbells that are to wake this handle.
   *
   * @return false where there is something to do after all
   */
  boolean prepareToSleep();

  /** Returns how long to look for work before sleeping, in nanoseconds. */
  long spinNanos();

  @Override
  void close();
}
