package io.xenshm.ring;

/**
 * Layout of a ring's control block, and the sizes its data may have.
 *
 * <pre>
 *   offset   u32, little-endian                                      written by
 *        0   PRODUCER_INDEX   free-running count of bytes written    producer
 *        4   WRITER_STATE     see the values below                 producer
 *      128   CONSUMER_INDEX   free-running count of bytes read       consumer
 *      132   READER_STATE     0 open, 1 shut                         consumer
 *      256   DATA_BELL        1 = ring when there is data            armed by consumer, taken by producer
 *      384   SPACE_BELL       1 = ring when there is space           armed by producer, taken by consumer
 *      512   end
 * </pre>
 *
 * The control block is zero when a connection begins. The groups are 128 bytes apart, so that no
 * two of them share a cache line or a pair of lines that is prefetched together. The data is a
 * segment of its own; byte {@code i} of the stream is at {@code i & (capacity - 1)}.
 */
public final class RingLayout {
  /** Bytes of a control block. */
  public static final int CONTROL_SIZE = 512;

  /** Fewest data bytes of a ring: one page. */
  public static final int MIN_SIZE = 4096;

  /** Most data bytes of a ring: 256 pages. */
  public static final int MAX_SIZE = 1 << 20;

  public static final int PRODUCER_INDEX = 0;
  public static final int WRITER_STATE = 4;
  public static final int CONSUMER_INDEX = 128;
  public static final int READER_STATE = 132;
  public static final int DATA_BELL = 256;
  public static final int SPACE_BELL = 384;

  /** Value of {@link #WRITER_STATE} and {@link #READER_STATE} at the start. */
  public static final int OPEN = 0;

  /** Value of {@link #WRITER_STATE} when no more data will come. The state only grows. */
  public static final int FINISHED = 1;

  /** Value of {@link #WRITER_STATE} when also nothing is read any more in the other direction. */
  public static final int CLOSED = 3;

  /** Value of {@link #WRITER_STATE} when the connection was given up: data may be lost. */
  public static final int RESET = 6;

  /**
   * Value of {@link #WRITER_STATE} when the connection was given up after {@link #FINISHED}: data
   * of the other direction may be lost.
   */
  public static final int FINISHED_AND_RESET = 7;

  /** Value of {@link #READER_STATE} when nothing will be read any more. */
  public static final int SHUT = 1;

  private RingLayout() {}

  /**
   * Checks a number of data bytes.
   *
   * @throws IllegalArgumentException if a ring cannot have this size
   */
  public static void checkSize(int bytes) {
    if (!isSize(bytes)) {
      throw new IllegalArgumentException(
          "ring size is "
              + bytes
              + " bytes, must be a power of two from "
              + MIN_SIZE
              + " to "
              + MAX_SIZE);
    }
  }

  private static boolean isSize(int bytes) {
    return bytes >= MIN_SIZE && bytes <= MAX_SIZE && Integer.bitCount(bytes) == 1;
  }
}
