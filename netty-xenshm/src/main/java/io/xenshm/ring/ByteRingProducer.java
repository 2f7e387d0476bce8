package io.xenshm.ring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The writing end of a byte ring.
 *
 * <p>Used by one thread at a time. Methods throw {@link IllegalStateException} once the memory's
 * arena is closed; a write may be satisfied from what is known of the peer, without a look at the
 * control block.
 *
 * <p>To wait for space: {@link #armSpaceBell}, look at {@link #free} once more, sleep only if there
 * is still not enough. After {@link #publish}: {@link #takeDataBell}, and ring if it says so.
 */
public final class ByteRingProducer {
  private final ControlBlock control;
  private final RingData data;
  private final int capacity;

  /** Index of the next byte to write. */
  private int produced;

  /** What the peer may know of {@link #produced}. */
  private int published;

  /** Last valid value of the peer's index. */
  private int consumed;

  private long totalPublished;
  private boolean finished;
  private boolean peerShut;

  /**
   * The producer of a new ring.
   *
   * @param control at least {@link RingLayout#CONTROL_SIZE} bytes, zero, aligned to 4
   * @param data a size that {@link RingLayout#checkSize} allows
   */
  public ByteRingProducer(MemorySegment control, MemorySegment data) {
    this(control, data, 0);
  }

  /** For a control block in which both indices are {@code index} already. */
  ByteRingProducer(MemorySegment control, MemorySegment data, int index) {
    this.control = new ControlBlock(control);
    this.data = new RingData(data);
    capacity = this.data.capacity();
    produced = index;
    published = index;
    consumed = index;
  }

  /**
   * Tells the indices and words, for a log; nothing of it is checked. As all methods, only while
   * the memory is there.
   */
  public String describe() {
    return "wrote up to "
        + Integer.toUnsignedString(produced)
        + ", published "
        + Integer.toUnsignedString(published)
        + ", read by the peer "
        + Integer.toUnsignedString(control.acquire(RingLayout.CONSUMER_INDEX))
        + " of "
        + capacity
        + (finished ? ", finished" : "")
        + (control.acquire(RingLayout.READER_STATE) == RingLayout.OPEN ? "" : ", reader shut")
        + ", bells: data "
        + control.acquire(RingLayout.DATA_BELL)
        + ", space "
        + control.acquire(RingLayout.SPACE_BELL);
  }

  /** Data bytes of the ring. */
  public int capacity() {
    return capacity;
  }

  /**
   * Bytes that can be written now, from a new look at the peer's words.
   *
   * @throws RingViolationException if the peer's index or state cannot be true
   */
  public int free() throws RingViolationException {
    checkReaderState(control.acquire(RingLayout.READER_STATE));
    int read = control.acquire(RingLayout.CONSUMER_INDEX);
    // One unsigned comparison refuses both a step back and a step past what was published.
    if (Integer.compareUnsigned(read - consumed, published - consumed) > 0) {
      throw RingViolationException.index("consumer index", read, consumed, published);
    }
    consumed = read;
    return knownFree();
  }

  /**
   * Copies at most {@code length} readable bytes of {@code src} into the ring and advances its
   * reader index. The peer sees them after {@link #publish} only. Looks at the peer's index only if
   * the space known to be free is less than {@code length}.
   *
   * @param length at most {@code src.readableBytes()}
   * @return how many bytes were copied; 0 if the ring is full
   */
  public int write(ByteBuf src, int length) throws RingViolationException {
    int count = reserve(length);
    if (count == 0) {
      return 0;
    }
    // The index moves last: a buffer that throws leaves nothing in the ring.
    int first = Math.min(count, data.untilWrap(produced));
    data.copyIn(produced, src, first);
    if (first < count) {
      data.copyIn(produced + first, src, count - first);
    }
    produced += count;
    return count;
  }

  /** As {@link #write(ByteBuf, int)} for all remaining bytes; advances the position. */
  public int write(ByteBuffer src) throws RingViolationException {
    int count = reserve(src.remaining());
    if (count == 0) {
      return 0;
    }
    int first = Math.min(count, data.untilWrap(produced));
    data.copyIn(produced, src, first);
    produced += first;
    if (first < count) {
      data.copyIn(produced, src, count - first);
      produced += count - first;
    }
    return count;
  }

  /**
   * Whether {@code wanted} bytes can be written now; looks at the peer's index only if it must.
   *
   * @throws RingViolationException if the peer's index or state cannot be true
   */
  public boolean hasFree(int wanted) throws RingViolationException {
    return knownFree() >= wanted || free() >= wanted;
  }

  /** Writes a word where {@link #hasFree} found space, and all before it were words. */
  void writeInt(int value) {
    data.putInt(produced, value);
    produced += Integer.BYTES;
  }

  /** Returns where the next byte is written, for {@link #backTo}. */
  int position() {
    return produced;
  }

  /** Takes back what was written since, and not published. */
  void backTo(int position) {
    produced = position;
  }

  /** Leaves out bytes where {@link #hasFree} found space. */
  void pad(int count) {
    produced += count;
  }

  /** Makes what was written visible to the peer; false if there was nothing new. */
  public boolean publish() {
    int count = produced - published;
    if (count == 0) {
      return false;
    }
    control.release(RingLayout.PRODUCER_INDEX, produced);
    published = produced;
    totalPublished += count;
    return true;
  }

  /**
   * Whether the caller must ring the event channel, since the consumer waits for data. To be called
   * after {@link #publish} and {@link #finish}.
   */
  public boolean takeDataBell() {
    return control.takeBell(RingLayout.DATA_BELL);
  }

  /**
   * Asks the consumer to ring when it released space. The caller looks at {@link #free} once more
   * before it sleeps: space released before that gets no ring.
   */
  public void armSpaceBell() {
    control.armBell(RingLayout.SPACE_BELL);
  }

  /** Space is no longer waited for; a ring may be under way all the same. */
  public void disarmSpaceBell() {
    control.disarmBell(RingLayout.SPACE_BELL);
  }

  /** Whether the peer reads no more. Once true it stays true, whatever the peer writes later. */
  public boolean hasPeerShutReader() {
    if (!peerShut) {
      peerShut = control.acquire(RingLayout.READER_STATE) != RingLayout.OPEN;
    }
    return peerShut;
  }

  /**
   * Publishes what was written and tells the peer that no more will come. Writing later is an
   * {@link IllegalStateException}.
   */
  public void finish() {
    finish(RingLayout.FINISHED);
  }

  /** As {@link #finish()}, and the peer is not read any more either. */
  public void close() {
    finish(RingLayout.CLOSED);
  }

  /** As {@link #close}, and the peer is told that data may be lost. */
  public void reset() {
    finish(finished ? RingLayout.FINISHED_AND_RESET : RingLayout.RESET);
  }

  private void finish(int state) {
    publish();
    finished = true;
    control.release(RingLayout.WRITER_STATE, state);
  }

  /** Total bytes published. */
  public long written() {
    return totalPublished;
  }

  private int reserve(int wanted) throws RingViolationException {
    if (finished) {
      throw new IllegalStateException("write after finish");
    }
    if (wanted < 0) {
      throw new IllegalArgumentException("length is " + wanted + ", must not be negative");
    }
    int free = knownFree();
    return free >= wanted ? wanted : Math.min(wanted, free());
  }

  private int knownFree() {
    return capacity - (produced - consumed);
  }

  private static void checkReaderState(int state) throws RingViolationException {
    if ((state & ~1) != 0) {
      throw RingViolationException.state("reader state", state, "0 or 1");
    }
  }
}
