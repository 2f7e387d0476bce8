package io.xenshm.posix;

import java.io.IOException;

/** A call of the C library that failed. */
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  PosixException(String call, int errno) {
    super(call + ": " + Posix.errorText(errno) + " (errno " + errno + ")");
    this.errno = errno;
  }

  /**
   * Returns the error number, one of {@link Posix}'s {@code E…} constants or another of Linux's.
   */
  public int errno() {
    return errno;
  }
}
