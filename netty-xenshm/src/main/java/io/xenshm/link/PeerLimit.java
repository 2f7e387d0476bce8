package io.xenshm.link;

/**
 * What one peer domain may take of this process. Each limit is a system property, and is read when
 * the first event loop opens a {@link io.xenshm.xen.Xen}.
 */
public enum PeerLimit {
  /** Open links with it. */
  CONNECTIONS("connections", "xenshm.peer.maxConnections", 512),
  /** Its pages that are mapped here, and pages that are granted to it. */
  PAGES("shared pages", "xenshm.peer.maxPages", 32_768),
  /** Granted pages that it has not given back since their link ended. */
  HELD_PAGES("granted pages not given back", "xenshm.peer.maxHeldPages", 512),
  /** Offers that are read or wait to be answered. */
  PENDING_OFFERS("pending offers", "xenshm.peer.maxPendingOffers", 256),
  /** Changes of nodes of offers in a second: an honest client writes each, and removes it. */
  OFFERS("changes of offers a second", "xenshm.peer.maxOfferChangesPerSecond", 2000),
  /** How long an offer may wait for its answer. */
  HANDSHAKE_MILLIS("milliseconds for a handshake", "xenshm.peer.maxHandshakeMillis", 30_000),
  /** Events in a second with which no bytes moved, at all of its ports at one event loop. */
  DOORBELLS("doorbells for nothing a second", "xenshm.peer.maxDoorbellsPerSecond", 100_000);

  private final String text;
  private final String property;
  private final int defaultValue;

  PeerLimit(String text, String property, int defaultValue) {
    this.text = text;
    this.property = property;
    this.defaultValue = defaultValue;
  }

  /** Returns the system property. */
  public String property() {
    return property;
  }

  /** Returns the value that holds where the property is not set. */
  public int defaultValue() {
    return defaultValue;
  }

  /**
   * Returns the value.
   *
   * @throws IllegalArgumentException if the property is no whole number of at least 1
   */
  int value() {
    String set = System.getProperty(property);
    if (set == null || set.isBlank()) {
      return defaultValue;
    }
    String digits = set.trim();
    if (!digits.matches("\\d{1,9}") || Integer.parseInt(digits) == 0) {
      throw new IllegalArgumentException(
          property + " is a whole number from 1 to 999999999: '" + set + "'");
    }
    return Integer.parseInt(digits);
  }

  /** Returns what there is to say of a domain that reached it. */
  String message(int domain, int value) {
    return "domain "
        + domain
        + " has reached the limit of "
        + value
        + ' '
        + text
        + " ("
        + property
        + "; raise it if that is honest use)";
  }
}
