package io.xenshm.ring;

import java.io.IOException;

/** A value in a ring's control block that no honest peer writes. The connection must be closed. */
public final class RingViolationException extends IOException {
  private static final long serialVersionUID = 1L;

  private RingViolationException(String message) {
    super(message);
  }

  /** An index that moved backwards or further than the protocol allows; all values are unsigned. */
  static RingViolationException index(String field, int read, int least, int most) {
    return new RingViolationException(
        "ring protocol violated by the peer: "
            + field
            + " is "
            + Integer.toUnsignedString(read)
            + ", expected "
            + Integer.toUnsignedString(least)
            + " to "
            + Integer.toUnsignedString(most)
            + " (modulo 2^32)");
  }

  /** A state that is neither open nor ended. */
  static RingViolationException state(String field, int read, String expected) {
    return new RingViolationException(
        "ring protocol violated by the peer: "
            + field
            + " is "
            + Integer.toUnsignedString(read)
            + ", expected "
            + expected);
  }

  /** A packet's length that is more than a packet or what was published can have. */
  static RingViolationException packetLength(int read, int most) {
    return new RingViolationException(
        "ring protocol violated by the peer: packet length is "
            + Integer.toUnsignedString(read)
            + ", expected 0 to "
            + most);
  }

  /** Published bytes that end in the middle of a packet's header. */
  static RingViolationException packetHeader(int available) {
    return new RingViolationException(
        "ring protocol violated by the peer: "
            + available
            + " bytes are left, expected whole packets in words of "
            + PacketRingLayout.ALIGNMENT
            + " bytes");
  }
}
