package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.internal.StringUtil;
import io.xenshm.ring.PacketRingLayout;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/** The messages that a datagram channel sends, and what is in them. */
final class OutboundPackets {
  private static final String EXPECTED_TYPES =
      " (expected: DatagramPacket, AddressedEnvelope<ByteBuf, InetSocketAddress>, ByteBuf)";

  private OutboundPackets() {}

  /**
   * Returns a message that can be sent.
   *
   * @param connected whether a message may be without recipient
   */
  static Object check(Object message, boolean connected) {
    if (message instanceof SegmentedDatagramPacket packet) {
      checkAddress(packet.recipient());
      return message;
    }
    SocketAddress recipient = null;
    Object content = message;
    if (message instanceof AddressedEnvelope<?, ?> envelope) {
      recipient = envelope.recipient();
      content = envelope.content();
    }
    if (!(content instanceof ByteBuf bytes)
        || (recipient != null && !(recipient instanceof InetSocketAddress))) {
      throw new UnsupportedOperationException(
          "unsupported message type: " + StringUtil.simpleClassName(message) + EXPECTED_TYPES);
    }
    if (recipient != null) {
      checkAddress(recipient);
    } else if (!connected) {
      throw new NotYetConnectedException();
    }
    checkLength(bytes);
    return message;
  }

  /** Returns an address that UDP knows. */
  static InetSocketAddress checkAddress(SocketAddress address) {
    if (!(address instanceof InetSocketAddress inet) || address instanceof XenShmAddress) {
      throw new UnsupportedAddressTypeException();
    }
    if (inet.isUnresolved()) {
      throw new UnresolvedAddressException();
    }
    return inet;
  }

  private static void checkLength(ByteBuf bytes) {
    if (bytes.readableBytes() > PacketRingLayout.MAX_PAYLOAD) {
      throw new IllegalArgumentException(
          "packet of "
              + bytes.readableBytes()
              + " bytes; a datagram has at most "
              + PacketRingLayout.MAX_PAYLOAD);
    }
  }

  /** Returns the bytes of a checked message. */
  static ByteBuf content(Object message) {
    return (ByteBuf)
        (message instanceof AddressedEnvelope<?, ?> envelope ? envelope.content() : message);
  }

  /** Returns the recipient of a checked message; {@code null} where it is the connected one. */
  static InetSocketAddress recipient(Object message) {
    return message instanceof AddressedEnvelope<?, ?> envelope
        ? (InetSocketAddress) envelope.recipient()
        : null;
  }
}
