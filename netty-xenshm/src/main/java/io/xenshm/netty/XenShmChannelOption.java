package io.xenshm.netty;

import io.netty.channel.ChannelOption;

/** Options of this transport's channels. */
public final class XenShmChannelOption {

  /**
   * Whether to use shared memory: {@link XenShmMode#PREFERRED}, the default, {@link
   * XenShmMode#REQUIRED} or {@link XenShmMode#OFF}. Of listeners and clients.
   */
  public static final ChannelOption<XenShmMode> XENSHM_MODE =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_MODE");

  /**
   * How long a connect waits for the lookup and for the listener's answer by shared memory, in
   * milliseconds, at least 1; then it goes on with TCP. What of {@code CONNECT_TIMEOUT_MILLIS} is
   * left then is TCP's.
   */
  public static final ChannelOption<Integer> XENSHM_CONNECT_TIMEOUT_MILLIS =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_CONNECT_TIMEOUT_MILLIS");

  /**
   * Which guests may share memory with the channel, of listeners, clients and datagram channels;
   * {@link XenShmPeers#ALL} is the default. Looked at when a connection or a datagram channel's
   * ring begins. A guest that is not allowed is refused by a listener before its rings are mapped,
   * and reached by TCP or UDP by a client ({@link XenShmPathReason#PEER_DENIED}); to a {@link
   * XenShmAddress}, or with {@link XenShmMode#REQUIRED}, the connect fails. TCP and UDP themselves
   * are a firewall's matter.
   *
   * <p>The system properties {@code xenshm.peers.allow} and {@code xenshm.peers.deny}, or the
   * environment variables {@code XENSHM_PEERS_ALLOW} and {@code XENSHM_PEERS_DENY}, bound all
   * channels of a process beside this option: both must allow.
   */
  public static final ChannelOption<XenShmPeers> XENSHM_PEERS =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_PEERS");

  /**
   * Size of each of a connection's two rings, in bytes: a power of two, 4096 to 1048576. The
   * client's choice holds for both. Each connection takes {@code 1 + 2 * size / 4096} pages of the
   * client guest's limit of grants.
   */
  public static final ChannelOption<Integer> XENSHM_RING_SIZE =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_RING_SIZE");

  /**
   * How long an event loop looks for data before it sleeps, in microseconds; 0 never does, and
   * leaves the processor to others. Applies while the channel was used recently.
   */
  public static final ChannelOption<Integer> XENSHM_SPIN_MICROS =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_SPIN_MICROS");

  /**
   * How long a ring of a {@link XenShmDatagramChannel} may be without a packet, in milliseconds, at
   * least 1; then its pages are given back. The next packet to that peer goes by UDP, and asks for
   * a new ring.
   */
  public static final ChannelOption<Integer> XENSHM_IDLE_MILLIS =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_IDLE_MILLIS");

  /**
   * With how many peers at most a {@link XenShmDatagramChannel} begins rings of its own, at once.
   * Each takes {@code 1 + 2 * XENSHM_RING_SIZE / 4096} pages of this guest's limit of grants; those
   * that peers began take none. Packets to further peers go by UDP.
   */
  public static final ChannelOption<Integer> XENSHM_MAX_PEERS =
      ChannelOption.valueOf(XenShmChannelOption.class, "XENSHM_MAX_PEERS");

  private XenShmChannelOption() {}
}
