package io.xenshm.xenstore;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One message of XenStore's wire protocol. All numbers are little-endian:
 *
 * <pre>
 *  0 +---------------------+
 *    | u32 type            |  {@link XenStoreProtocol}
 *  4 +---------------------+
 *    | u32 request         |  chosen by the client, repeated in the reply
 *  8 +---------------------+
 *    | u32 transaction     |  0: none
 * 12 +---------------------+
 *    | u32 payload length  |  at most 4096, see {@link XenStoreProtocol#MAX_SOCKET_REPLY}
 * 16 +---------------------+
 *    | payload             |
 *    +---------------------+
 * </pre>
 *
 * @param type one of {@link XenStoreProtocol}'s, or another that a newer peer knows
 * @param requestId what the client chose
 * @param transactionId 0 outside of transactions
 * @param payload not copied: neither side changes it
 */
@SuppressWarnings("ArrayRecordComponent") // frames are not compared
public record XenStoreFrame(int type, int requestId, int transactionId, byte[] payload) {

  /** Checks the payload's length. */
  public XenStoreFrame {
    if (payload.length > XenStoreProtocol.MAX_SOCKET_REPLY) {
      throw new IllegalArgumentException(
          "XenStore "
              + XenStoreProtocol.nameOf(type)
              + " of "
              + payload.length
              + " bytes: at most "
              + XenStoreProtocol.MAX_SOCKET_REPLY
              + " fit into a frame");
    }
  }

  /** Returns the frame's length with its header, in bytes. */
  public int size() {
    return XenStoreProtocol.HEADER_SIZE + payload.length;
  }

  /** Writes the frame; the buffer's byte order does not matter and stays. */
  public void encode(ByteBuffer out) {
    ByteBuffer header = out.slice(out.position(), XenStoreProtocol.HEADER_SIZE);
    header.order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(type).putInt(requestId).putInt(transactionId).putInt(payload.length);
    out.position(out.position() + XenStoreProtocol.HEADER_SIZE);
    out.put(payload);
  }

  /** As {@link #decode(ByteBuffer, int)}, with the largest payload of a request. */
  public static XenStoreFrame decode(ByteBuffer in) throws XenStoreFrameException {
    return decode(in, XenStoreProtocol.MAX_PAYLOAD);
  }

  /**
   * Reads one frame and moves the buffer's position past it.
   *
   * @param maxPayload bytes of payload that are allowed
   * @return null where the frame is not complete; the position is unchanged then
   * @throws XenStoreFrameException if the header is not one of XenStore's; nothing after it can be
   *     read
   */
  public static XenStoreFrame decode(ByteBuffer in, int maxPayload) throws XenStoreFrameException {
    if (in.remaining() < XenStoreProtocol.HEADER_SIZE) {
      return null;
    }
    ByteBuffer header = in.slice(in.position(), XenStoreProtocol.HEADER_SIZE);
    header.order(ByteOrder.LITTLE_ENDIAN);
    int type = header.getInt();
    int requestId = header.getInt();
    int transactionId = header.getInt();
    int length = header.getInt();
    if (Integer.compareUnsigned(length, maxPayload) > 0) {
      throw new XenStoreFrameException(
          "malformed XenStore frame: "
              + XenStoreProtocol.nameOf(type)
              + " with a payload of "
              + Integer.toUnsignedString(length)
              + " bytes, at most "
              + maxPayload
              + " are allowed");
    }
    if (in.remaining() < XenStoreProtocol.HEADER_SIZE + length) {
      return null;
    }
    in.position(in.position() + XenStoreProtocol.HEADER_SIZE);
    byte[] payload = new byte[length];
    in.get(payload);
    return new XenStoreFrame(type, requestId, transactionId, payload);
  }

  @Override
  public String toString() {
    return XenStoreProtocol.nameOf(type)
        + " request "
        + Integer.toUnsignedString(requestId)
        + ", transaction "
        + Integer.toUnsignedString(transactionId)
        + ", "
        + payload.length
        + " bytes";
  }
}
