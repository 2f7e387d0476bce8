package io.xenshm.bench;

/**
 * How much is measured in a round.
 *
 * @param bulkBytes bytes of a stream of large messages
 * @param smallBytes bytes of a stream of small messages
 * @param roundTrips round trips of each size
 * @param connects connections that are made and closed
 * @param idleMillis how long idle processes are watched
 */
record Amounts(long bulkBytes, long smallBytes, int roundTrips, int connects, int idleMillis) {
  private static final int MAX_SMALL = 1024;

  /** What the published figures are made of. */
  static final Amounts FULL = new Amounts(300_000_000, 300_000_000, 50_000, 3000, 10_000);

  /** Enough for a first look. */
  static final Amounts QUICK = new Amounts(200_000_000, 40_000_000, 10_000, 500, 3000);

  /** Enough to see that a ratio collapsed. */
  static final Amounts CHECK = new Amounts(100_000_000, 20_000_000, 5_000, 0, 0);

  /** Enough to have everything compiled. */
  static final Amounts WARM_UP = new Amounts(200_000_000, 40_000_000, 20_000, 300, 100);

  long streamBytes(int messageSize) {
    return messageSize <= MAX_SMALL ? smallBytes : bulkBytes;
  }
}
