package io.xenshm.examples.transfer;

/**
 * A transfer that ended.
 *
 * @param path the path that the bytes took, as the channel reported it
 * @param bytes number of bytes of the file
 * @param nanos nanoseconds from the first write until the receiver said that it had all bytes
 * @param digestsEqual whether the receiver's SHA-256 is the sender's
 */
public record TransferResult(String path, long bytes, long nanos, boolean digestsEqual) {

  /** Returns the throughput in millions of bytes a second. */
  public double megabytesPerSecond() {
    return bytes * 1e3 / nanos;
  }
}
