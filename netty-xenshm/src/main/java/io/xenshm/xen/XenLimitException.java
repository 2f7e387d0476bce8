package io.xenshm.xen;

/**
 * A limit of the guest or of the host is reached. The message names the limit, its value and where
 * to raise it.
 */
public final class XenLimitException extends XenException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message that names the limit. */
  public XenLimitException(String message) {
    super(message);
  }
}
