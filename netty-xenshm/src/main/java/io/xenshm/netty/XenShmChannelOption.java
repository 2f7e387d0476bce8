package io.xenshm.netty;

import io.netty.channel.ChannelOption;

/** Options of this transport's channels. */
public final class XenShmChannelOption {

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

  private XenShmChannelOption() {}
}
