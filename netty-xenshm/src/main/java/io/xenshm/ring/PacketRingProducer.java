package io.xenshm.ring;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;

/**
 * The writing end of a packet ring: whole packets or nothing. A packet that finds no room is the
 * caller's to drop and count.
 *
 * <p>Used by one thread at a time. Methods throw {@link IllegalStateException} once the memory's
 * arena is closed.
 */
public final class PacketRingProducer {
  private final ByteRingProducer bytes;

  /** The producer of a new ring; the same memory as {@link ByteRingProducer} takes. */
  public PacketRingProducer(MemorySegment control, MemorySegment data) {
    this(new ByteRingProducer(control, data));
  }

  /** Writes packets to a byte ring to which nothing was written yet. */
  public PacketRingProducer(ByteRingProducer bytes) {
    this.bytes = bytes;
  }

  /** Returns whether a packet can ever be written: an empty ring has room for it. */
  public boolean fits(int payload) {
    return payload <= PacketRingLayout.MAX_PAYLOAD
        && PacketRingLayout.size(payload) <= bytes.capacity();
  }

  /**
   * Copies a packet, all readable bytes, into the ring and advances its reader index. The peer sees
   * it after {@link #publish} only.
   *
   * @return false if there is no room: nothing was written
   * @throws IllegalArgumentException if the packet does not {@link #fits fit}
   * @throws RingViolationException if the peer's index cannot be true
   */
  public boolean write(ByteBuf packet) throws RingViolationException {
    int payload = packet.readableBytes();
    if (!fits(payload)) {
      throw new IllegalArgumentException(
          "packet has "
              + payload
              + " bytes, a ring of "
              + bytes.capacity()
              + " bytes takes at most "
              + Math.min(
                  PacketRingLayout.MAX_PAYLOAD, bytes.capacity() - PacketRingLayout.HEADER_SIZE));
    }
    if (!bytes.hasFree(PacketRingLayout.size(payload))) {
      return false;
    }
    int before = bytes.position();
    boolean whole = false;
    try {
      bytes.writeInt(payload);
      bytes.write(packet, payload);
      bytes.pad(PacketRingLayout.padding(payload));
      whole = true;
    } finally {
      if (!whole) {
        bytes.backTo(before); // the buffer threw: there must be no header without its packet
      }
    }
    return true;
  }

  /** Makes the packets that were written visible to the peer; false if there were none. */
  public boolean publish() {
    return bytes.publish();
  }

  /** Whether the caller must ring the event channel; to be called after {@link #publish}. */
  public boolean takeDataBell() {
    return bytes.takeDataBell();
  }
}
