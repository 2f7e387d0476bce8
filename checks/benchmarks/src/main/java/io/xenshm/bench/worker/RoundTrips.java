package io.xenshm.bench.worker;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** The times of a series of round trips. */
final class RoundTrips {
  private static final int DIGITS = 3;

  private final Histogram histogram = new Histogram(TimeUnit.SECONDS.toNanos(10), DIGITS);
  private int left;
  private long sentAt;

  RoundTrips(int count) {
    left = count;
  }

  void begin() {
    sentAt = System.nanoTime();
  }

  /** A round trip ended, and the next one begins; false where it was the last one. */
  boolean ended() {
    long now = System.nanoTime();
    record(now - sentAt);
    sentAt = now;
    return --left > 0;
  }

  void record(long nanos) {
    histogram.recordValue(Math.min(nanos, histogram.getHighestTrackableValue()));
  }

  void add(RoundTrips others) {
    histogram.add(others.histogram);
  }

  /** Returns the times, as HdrHistogram encodes them. */
  String encoded() {
    ByteBuffer bytes = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(bytes);
    byte[] encoded = new byte[length];
    bytes.get(0, encoded);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(encoded);
  }
}
