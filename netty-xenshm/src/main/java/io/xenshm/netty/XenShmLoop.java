package io.xenshm.netty;

import io.xenshm.link.Doorbells;

/**
 * What an event loop gives the channels that are registered with it.
 *
 * @param domain what the loops of this process share; {@code null} where Xen is unavailable
 * @param doorbells the loop's event channels; {@code null} where Xen is unavailable
 * @param active what the loop looks at
 * @param heartbeats signs of life of the loop's rings
 */
record XenShmLoop(
    LocalDomain domain, Doorbells doorbells, ActiveHandles active, Heartbeats heartbeats) {
  boolean hasXen() {
    return domain != null;
  }
}
