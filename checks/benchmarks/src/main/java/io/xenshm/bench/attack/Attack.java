package io.xenshm.bench.attack;

/** What a hostile domain does without end. */
public enum Attack {
  /** Offers of memory that nobody granted, as fast as XenStore takes them. */
  OFFERS("offers that name no memory"),
  /** Honest offers; each connection is given up as soon as it is accepted. */
  CONNECTS("connect and give up"),
  /** Rings the doorbell of one connection. */
  DOORBELLS("doorbell storm"),
  /** Connects, and publishes an index that cannot be true. */
  GARBAGE("garbage in the ring");

  private final String description;

  Attack(String description) {
    this.description = description;
  }

  /** Returns it in words. */
  public String description() {
    return description;
  }
}
