package io.xenshm.ring;

/**
 * Layout of packets in a byte ring. A producer publishes whole packets only.
 *
 * <pre>
 *   offset   little-endian
 *        0   LENGTH    u32, payload bytes, 0 to 65,507
 *        4   payload
 *            0 to 3 bytes of padding, so that the next header is aligned and does not wrap
 * </pre>
 */
public final class PacketRingLayout {
  /** Most payload bytes: what UDP over IPv4 carries (65,535 less 20 of IP's and 8 of its own). */
  public static final int MAX_PAYLOAD = 65_507;

  static final int HEADER_SIZE = Integer.BYTES;
  static final int ALIGNMENT = Integer.BYTES;

  private PacketRingLayout() {}

  /** Returns the bytes that a packet takes in a ring. */
  public static int size(int payload) {
    return HEADER_SIZE + payload + padding(payload);
  }

  static int padding(int payload) {
    return -payload & (ALIGNMENT - 1);
  }
}
