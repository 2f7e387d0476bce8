package io.xenshm.netty;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts this process's connections by the reason of their path, at the client and at the server,
 * and its lost packets. May be used from any thread.
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

  private XenShmMetrics() {}

  static void dropped() {
    DROPPED_PACKETS.increment();
  }

  static void packetRingsFailed() {
    FAILED_PACKET_RINGS.increment();
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
}
