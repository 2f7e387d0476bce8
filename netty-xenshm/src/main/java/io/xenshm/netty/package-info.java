/** The Netty transport: channels, the event loop's handler, options. */
package io.xenshm.netty;
