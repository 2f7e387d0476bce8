/**
 * Links: how two domains agree on pages and a port for one connection, and how they part.
 *
 * <p>The client grants the memory and offers it; the server maps it and accepts. {@code
 * docs/protocol.md} describes every page and node.
 */
package io.xenshm.link;
