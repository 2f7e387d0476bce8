package io.xenshm.link;

/** Why a server refuses an offer. The code travels in the descriptor page. */
public enum RefusalReason {
  /** Nobody listens at that port any more. */
  NO_LISTENER(1, "nobody listens at that port"),
  /** The listener does not admit this domain. */
  NOT_ALLOWED(2, "the listener does not allow this domain"),
  /** More connections wait to be accepted than the listener's backlog. */
  BACKLOG_FULL(3, "the listener's backlog is full"),
  /** The offer or its descriptor page is malformed, or of another version. */
  BAD_OFFER(4, "the listener does not understand the offer"),
  /** The server could not map the memory or bind the port. */
  NO_RESOURCES(5, "the listener's guest is out of resources"),
  /** The offer waited for longer than a handshake may take. */
  TOO_LATE(6, "the listener did not look at the offer in time"),
  /** A code that this version does not know. */
  UNKNOWN(0, "no reason that this version knows");

  private final int code;
  private final String text;

  RefusalReason(int code, String text) {
    this.code = code;
    this.text = text;
  }

  static RefusalReason of(int code) {
    for (RefusalReason reason : values()) {
      if (reason.code == code) {
        return reason;
      }
    }
    return UNKNOWN;
  }

  int code() {
    return code;
  }

  /** Returns the reason in words. */
  public String text() {
    return text;
  }
}
