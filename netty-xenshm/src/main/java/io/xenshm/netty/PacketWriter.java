package io.xenshm.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundBuffer.MessageProcessor;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;

/**
 * Writes a datagram channel's flushed messages, each to its ring or to the UDP socket's channel.
 * Messages for UDP that follow each other are handed over at once, so that one system call sends
 * many. The channel's own outbound buffer stays the one that counts.
 *
 * <p>It is the promise of all messages that were handed over: UDP settles them in order, so that
 * each result is the oldest one's.
 */
final class PacketWriter extends DefaultChannelPromise implements MessageProcessor {
  private final XenShmDatagramChannel channel;
  private final EpollDatagramChannel udp;
  private final ArrayDeque<Object> handedOver = new ArrayDeque<>();
  private PacketPeer unpublished;
  private boolean writing;

  PacketWriter(XenShmDatagramChannel channel, EpollDatagramChannel udp) {
    super(udp);
    this.channel = channel;
    this.udp = udp;
  }

  /** Writes what can be. The rest is written later without another call. */
  void write(ChannelOutboundBuffer buffer) throws Exception {
    if (!handedOver.isEmpty()) {
      return;
    }
    writing = true;
    try {
      boolean more = true;
      while (more && buffer.current() != null) {
        more = writeNext(buffer);
      }
    } finally {
      writing = false;
      switchTo(null);
    }
  }

  /** Writes some messages; false where the next has to wait. */
  private boolean writeNext(ChannelOutboundBuffer buffer) throws Exception {
    Object message = buffer.current();
    if (isCancelled(message)) {
      return buffer.remove();
    }
    PacketRoute route = routeOf(message);
    PacketPeer ring = ringFor(route, message);
    if (ring != null) {
      switchTo(ring);
      Throwable failure = ring.write(OutboundPackets.content(message));
      return failure == null ? buffer.remove() : buffer.remove(failure);
    }
    if (channel.config().getMode() != XenShmMode.REQUIRED) {
      return handOver(buffer);
    }
    if (route != null && route.isAsking()) {
      return false;
    }
    return buffer.remove(noRing(route, message));
  }

  @SuppressWarnings("ReferenceEquality") // what Netty puts in the place of a cancelled message
  private static boolean isCancelled(Object message) {
    return message == Unpooled.EMPTY_BUFFER;
  }

  private PacketRoute routeOf(Object message) {
    if (message instanceof SegmentedDatagramPacket || !channel.usesRings()) {
      return null;
    }
    return channel.routes().to(recipient(message));
  }

  private InetSocketAddress recipient(Object message) {
    InetSocketAddress recipient = OutboundPackets.recipient(message);
    return recipient == null ? channel.connectedTo() : recipient;
  }

  private static PacketPeer ringFor(PacketRoute route, Object message) {
    PacketPeer ring = route == null ? null : route.ring();
    return ring != null && ring.fits(OutboundPackets.content(message).readableBytes())
        ? ring
        : null;
  }

  private IOException noRing(PacketRoute route, Object message) {
    String why;
    if (route == null) {
      why =
          channel.loop().hasXen() ? "too many addresses" : XenShmPathReason.XEN_UNAVAILABLE.text();
    } else if (route.currentRing() != null) {
      why =
          "a packet of "
              + OutboundPackets.content(message).readableBytes()
              + " bytes is longer than the ring; set XENSHM_RING_SIZE";
    } else {
      why = route.reason().text();
    }
    return new IOException(
        "XENSHM_MODE is REQUIRED, but to " + recipient(message) + " there is no ring: " + why);
  }

  /** Shows the former ring's peer what was written. */
  private void switchTo(PacketPeer ring) {
    PacketPeer former = unpublished;
    if (former != ring) {
      unpublished = ring;
      if (former != null) {
        former.publish();
      }
    }
  }

  private boolean handOver(ChannelOutboundBuffer buffer) throws Exception {
    switchTo(null);
    buffer.forEachFlushedMessage(this);
    udp.unsafe().flush();
    return handedOver.isEmpty();
  }

  @Override
  public boolean processMessage(Object message) {
    if (ringFor(routeOf(message), message) != null) {
      return false;
    }
    ReferenceCountUtil.retain(message);
    handedOver.add(message);
    udp.unsafe().write(message, this);
    return true;
  }

  @Override
  public boolean trySuccess(Void result) {
    settled(null);
    return true;
  }

  @Override
  public boolean tryFailure(Throwable cause) {
    settled(cause);
    return true;
  }

  @SuppressWarnings("ReferenceEquality") // the very same message
  private void settled(Throwable cause) {
    Object message = handedOver.poll();
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    if (buffer == null) {
      return; // the channel is closed, and has failed them all
    }
    boolean more = true;
    while (more && buffer.current() != message) {
      more = buffer.remove();
    }
    if (cause == null) {
      buffer.remove();
    } else {
      buffer.remove(cause);
    }
    if (!writing && handedOver.isEmpty() && !buffer.isEmpty()) {
      channel.flushLater();
    }
  }
}
