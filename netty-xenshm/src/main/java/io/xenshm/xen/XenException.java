package io.xenshm.xen;

import java.io.IOException;

/**
 * An operation that Xen, or what stands between this process and Xen, refused. The message names
 * the operation, its object, the reason and what can be done.
 */
public class XenException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for people. */
  public XenException(String message) {
    super(message);
  }

  /** Creates an exception with a message for people and a cause. */
  public XenException(String message, Throwable cause) {
    super(message, cause);
  }
}
