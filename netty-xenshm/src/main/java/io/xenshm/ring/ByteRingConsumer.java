package io.xenshm.ring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;

/**
 * The reading end of a byte ring.
 *
 * <p>Used by one thread at a time. Methods throw {@link IllegalStateException} once the memory's
 * arena is closed.
 *
 * <p>To wait for data: {@link #armDataBell}, {@link #refresh} and {@link #isFinished} once more,
 * sleep only if there is still nothing. After {@link #release}: {@link #takeSpaceBell}, and ring if
 * it says so.
 */
public final class ByteRingConsumer {
  private final ControlBlock control;
  private final RingData data;
  private final int capacity;

  /** Index of the next byte to read. */
  private int consumed;

  /** What the peer may know of {@link #consumed}. */
  private int released;

  /** Last valid value of the peer's index. */
  private int produced;

  private int writerState = RingLayout.OPEN;
  private boolean frozen;

  /** Bytes that the producer published so far. */
  private long received;

  /**
   * The consumer of a new ring.
   *
   * @param control at least {@link RingLayout#CONTROL_SIZE} bytes, zero, aligned to 4
   * @param data a size that {@link RingLayout#checkSize} allows
   */
  public ByteRingConsumer(MemorySegment control, MemorySegment data) {
    this(control, data, 0);
  }

  /** For a control block in which both indices are {@code index} already. */
  ByteRingConsumer(MemorySegment control, MemorySegment data, int index) {
    this.control = new ControlBlock(control);
    this.data = new RingData(data);
    capacity = this.data.capacity();
    consumed = index;
    released = index;
    produced = index;
  }

  /** Data bytes of the ring. */
  public int capacity() {
    return capacity;
  }

  /**
   * Tells the indices and words, for a log; nothing of it is checked. As all methods, only while
   * the memory is there.
   */
  public String describe() {
    return "read up to "
        + Integer.toUnsignedString(consumed)
        + ", released "
        + Integer.toUnsignedString(released)
        + ", written by the peer "
        + Integer.toUnsignedString(control.acquire(RingLayout.PRODUCER_INDEX))
        + " of "
        + capacity
        + (control.acquire(RingLayout.WRITER_STATE) == RingLayout.OPEN ? "" : ", writer finished")
        + ", bells: data "
        + control.acquire(RingLayout.DATA_BELL)
        + ", space "
        + control.acquire(RingLayout.SPACE_BELL);
  }

  /**
   * Bytes that can be read now; looks at the peer's index only if none are known.
   *
   * @throws RingViolationException if the peer's index cannot be true
   */
  public int available() throws RingViolationException {
    int known = produced - consumed;
    return known > 0 ? known : refresh();
  }

  /** As {@link #available}, from a new look at the peer's index. */
  public int refresh() throws RingViolationException {
    if (writerState == RingLayout.OPEN && !frozen) {
      int read = control.acquire(RingLayout.PRODUCER_INDEX);
      // An honest producer knows of no more space than was released. One unsigned comparison
      // refuses both a step back and a step past that.
      int most = released + capacity;
      if (Integer.compareUnsigned(read - produced, most - produced) > 0) {
        throw RingViolationException.index("producer index", read, produced, most);
      }
      received += read - produced;
      produced = read;
    }
    return produced - consumed;
  }

  /**
   * Appends at most {@code length} bytes to {@code dst}, and no more than it can hold without
   * growing. The producer gets their space after {@link #release} only.
   *
   * @return how many bytes were appended; 0 if the ring is empty
   */
  public int read(ByteBuf dst, int length) throws RingViolationException {
    int count = Math.min(Math.min(length, dst.writableBytes()), available());
    if (count <= 0) {
      return 0;
    }
    int first = Math.min(count, data.untilWrap(consumed));
    data.copyOut(consumed, dst, first);
    consumed += first;
    if (first < count) {
      data.copyOut(consumed, dst, count - first);
      consumed += count - first;
    }
    return count;
  }

  /** Returns where the next byte is read, for {@link #backTo}. */
  int position() {
    return consumed;
  }

  /** Has read nothing since, of which nothing was released. */
  void backTo(int position) {
    consumed = position;
  }

  /** Reads a word of which {@link #available} told, where all before it were words. */
  int readInt() {
    int value = data.getInt(consumed);
    consumed += Integer.BYTES;
    return value;
  }

  /** Drops at most {@code length} of the bytes known to be available; returns how many. */
  public int skip(int length) {
    int count = Math.max(0, Math.min(length, produced - consumed));
    consumed += count;
    return count;
  }

  /** Gives the space of what was read back to the producer; false if nothing was read. */
  public boolean release() {
    if (consumed == released) {
      return false;
    }
    control.release(RingLayout.CONSUMER_INDEX, consumed);
    released = consumed;
    return true;
  }

  /** Bytes that the producer published, as far as was looked. */
  public long received() {
    return received;
  }

  /** Bytes that the producer can write, as far as is known here: it may have written some since. */
  public int knownFree() {
    return capacity - (produced - released);
  }

  /**
   * Whether the caller must ring the event channel, since the producer waits for space. To be
   * called after {@link #release} and {@link #shut}.
   */
  public boolean takeSpaceBell() {
    return control.takeBell(RingLayout.SPACE_BELL);
  }

  /**
   * Asks the producer to ring when it published data or finished. The caller looks at {@link
   * #refresh} and {@link #isFinished} once more before it sleeps: what came before gets no ring.
   */
  public void armDataBell() {
    control.armBell(RingLayout.DATA_BELL);
  }

  /** Data is no longer waited for; a ring may be under way all the same. */
  public void disarmDataBell() {
    control.disarmBell(RingLayout.DATA_BELL);
  }

  /**
   * Whether the producer has finished and everything it wrote was read. Its end is final: after the
   * first look that sees it, its index is not read again.
   *
   * @throws RingViolationException if the peer's state or index cannot be true
   */
  public boolean isFinished() throws RingViolationException {
    return writerState() != RingLayout.OPEN && produced == consumed;
  }

  /**
   * Returns how far the producer has ended: {@link RingLayout#OPEN}, {@link RingLayout#FINISHED},
   * {@link RingLayout#CLOSED}, {@link RingLayout#RESET} or {@link RingLayout#FINISHED_AND_RESET}.
   * What it published before can still be read. The state only grows, whatever the peer writes
   * later.
   *
   * @throws RingViolationException if the peer's state or index cannot be true
   */
  public int writerState() throws RingViolationException {
    int read = control.acquire(RingLayout.WRITER_STATE);
    if (read > writerState || read < RingLayout.OPEN) {
      checkWriterState(read);
      // The index after the state: it is the last one, since nothing is written after the end.
      refresh();
      writerState = read;
    }
    return writerState;
  }

  /**
   * The peer has gone, which something else than the ring says. What it has published by now is all
   * that there will be, whatever is written later.
   *
   * @param least the writer state that holds even if the ring does not tell it
   * @throws RingViolationException if the peer's state or index cannot be true
   */
  public void freeze(int least) throws RingViolationException {
    if (!frozen) {
      writerState();
      refresh();
      frozen = true;
    }
    writerState = Math.max(writerState, least);
  }

  private static void checkWriterState(int state) throws RingViolationException {
    switch (state) {
      case RingLayout.FINISHED,
          RingLayout.CLOSED,
          RingLayout.RESET,
          RingLayout.FINISHED_AND_RESET -> {}
      default -> throw RingViolationException.state("writer state", state, "0, 1, 3, 6 or 7");
    }
  }

  /** Tells the producer that nothing will be read any more. */
  public void shut() {
    control.release(RingLayout.READER_STATE, RingLayout.SHUT);
  }
}
