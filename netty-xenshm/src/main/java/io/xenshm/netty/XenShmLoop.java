package io.xenshm.netty;

import io.xenshm.link.Doorbells;
import io.xenshm.link.LinkNode;

/**
 * What an event loop gives the channels that are registered with it.
 *
 * @param node this process's links
 * @param doorbells the loop's event channels
 * @param active the handles that the loop looks at
 */
record XenShmLoop(LinkNode node, Doorbells doorbells, ActiveHandles active) {}
