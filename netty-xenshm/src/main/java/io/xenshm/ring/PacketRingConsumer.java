package io.xenshm.ring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;

/**
 * The reading end of a packet ring. A packet is {@link #next looked at}, and then {@link #read} or
 * {@link #drop dropped}.
 *
 * <p>Used by one thread at a time. Methods throw {@link IllegalStateException} once the memory's
 * arena is closed.
 */
public final class PacketRingConsumer {
  /** What {@link #next} returns where there is no packet. */
  public static final int NONE = -1;

  private final ByteRingConsumer bytes;

  /** Payload of the packet whose header was read; {@link #NONE} before. */
  private int payload = NONE;

  /** The consumer of a new ring; the same memory as {@link ByteRingConsumer} takes. */
  public PacketRingConsumer(MemorySegment control, MemorySegment data) {
    this(new ByteRingConsumer(control, data));
  }

  /** Reads packets of a byte ring of which nothing was read yet. */
  public PacketRingConsumer(ByteRingConsumer bytes) {
    this.bytes = bytes;
  }

  /**
   * Returns the payload's length of the next packet, 0 to {@link PacketRingLayout#MAX_PAYLOAD};
   * {@link #NONE} if there is none.
   *
   * @throws RingViolationException if the peer's index or the packet's length cannot be true
   */
  public int next() throws RingViolationException {
    if (payload != NONE) {
      return payload;
    }
    int available = bytes.available();
    if (available == 0) {
      return NONE;
    }
    // What an honest producer published ends with a packet, so that a header is never cut.
    if (available % PacketRingLayout.ALIGNMENT != 0) {
      throw RingViolationException.packetHeader(available);
    }
    int read = bytes.readInt();
    int most = Math.min(PacketRingLayout.MAX_PAYLOAD, available - PacketRingLayout.HEADER_SIZE);
    if (Integer.compareUnsigned(read, most) > 0) {
      throw RingViolationException.packetLength(read, most);
    }
    payload = read;
    return read;
  }

  /**
   * Appends the packet that {@link #next} told of. The producer gets its space after {@link
   * #release} only.
   *
   * @param dst has room for the packet
   * @throws RingViolationException if the peer's index cannot be true
   */
  public void read(ByteBuf dst) throws RingViolationException {
    if (payload == NONE || dst.writableBytes() < payload) {
      throw new IllegalStateException(
          "room for " + dst.writableBytes() + " bytes, the next packet has " + payload);
    }
    int before = bytes.position();
    boolean whole = false;
    try {
      bytes.read(dst, payload);
      bytes.skip(PacketRingLayout.padding(payload));
      whole = true;
    } finally {
      if (!whole) {
        bytes.backTo(before); // the buffer threw: the packet can be read again
      }
    }
    payload = NONE;
  }

  /** Leaves out the packet that {@link #next} told of. */
  public void drop() {
    if (payload == NONE) {
      throw new IllegalStateException("no packet was looked at");
    }
    bytes.skip(payload + PacketRingLayout.padding(payload));
    payload = NONE;
  }

  /** Gives the space of what was read or dropped back; false if there was nothing. */
  public boolean release() {
    return bytes.release();
  }

  /** As {@link ByteRingConsumer#armDataBell()}; {@link #next} is the look that must follow. */
  public void armDataBell() {
    bytes.armDataBell();
  }

  /** As {@link ByteRingConsumer#disarmDataBell()}. */
  public void disarmDataBell() {
    bytes.disarmDataBell();
  }
}
