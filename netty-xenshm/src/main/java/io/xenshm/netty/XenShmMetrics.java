package io.xenshm.netty;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts this process's connections by the reason of their path, at the client and at the server,
 * its lost packets, what it refused, and the limits that peers reached. May be used from any
 * thread.
 */
public final class XenShmMetrics {
  private static final Map<XenShmPathReason, LongAdder> CONNECTIONS =
      new EnumMap<>(XenShmPathReason.class);

  static {
    for (XenShmPathReason reason : XenShmPathReason.values()) {
      CONNECTIONS.put(reason, new LongAdder());
    }
  }

  private static final LongAdder DROPPED_PACKETS = new LongAdder();
  private static final LongAdder FAILED_PACKET_RINGS = new LongAdder();
  private static final LongAdder DENIED_OFFERS = new LongAdder();

  private XenShmMetrics() {}

  static void dropped() {
    DROPPED_PACKETS.increment();
  }

  static void packetRingsFailed() {
    FAILED_PACKET_RINGS.increment();
  }

  static void denied() {
    DENIED_OFFERS.increment();
  }

  static void connected(XenShmPathReason reason) {
    CONNECTIONS.get(reason).increment();
  }

  /** Returns how many connections took their path for a reason, since the process started. */
  public static long connections(XenShmPathReason reason) {
    return CONNECTIONS.get(reason).sum();
  }

  /** Returns how many connections took a path, since the process started. */
  public static long connections(XenShmPath path) {
    long sum = 0;
    for (Map.Entry<XenShmPathReason, LongAdder> entry : CONNECTIONS.entrySet()) {
      if (entry.getKey().path() == path) {
        sum += entry.getValue().sum();
      }
    }
    return sum;
  }

  /**
   * Returns how many packets this process's datagram channels dropped, since the process started,
   * see {@link XenShmDatagramChannel#droppedPackets()}.
   */
  public static long droppedPackets() {
    return DROPPED_PACKETS.sum();
  }

  /**
   * Returns how many pairs of packet rings this process closed since the peer broke the protocol or
   * they could not be used. What was in them is lost; how many packets that were, nobody knows.
   */
  public static long failedPacketRings() {
    return FAILED_PACKET_RINGS.sum();
  }

  /**
   * Returns how many offers this process's listeners refused since the process started, because
   * their guest is not allowed, see {@link XenShmChannelOption#XENSHM_PEERS}, or not in the table.
   */
  public static long deniedOffers() {
    return DENIED_OFFERS.sum();
  }

  /** Returns how often a peer reached a limit, since the process started. */
  public static long limitReached(XenShmLimit limit) {
    return limit.reached();
  }
}
