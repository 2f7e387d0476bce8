package io.xenshm.xenstore;

import java.io.IOException;

/** What was received is not XenStore's wire protocol. The connection cannot go on. */
public final class XenStoreFrameException extends IOException {
  private static final long serialVersionUID = 1L;

  XenStoreFrameException(String message) {
    super(message);
  }
}
