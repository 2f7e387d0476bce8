package io.xenshm.link;

import java.net.ConnectException;

/** There is no link, for a reason that the peer's domain or this one has. */
public final class NoLinkException extends ConnectException {
  private static final long serialVersionUID = 1L;

  /** Why there is none. */
  public enum Reason {
    /** Nobody listens there. */
    NO_LISTENER,
    /** A listener is there, but speaks other versions of the protocol. */
    VERSION_MISMATCH,
    /** The listener refused. */
    REFUSED,
    /** It is this domain itself. */
    OWN_DOMAIN
  }

  private final Reason reason;

  NoLinkException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns why there is none. */
  public Reason reason() {
    return reason;
  }
}
