/** Reactor Netty: an HTTP server and client, by event loops of the transport. */
package io.xenshm.examples.reactor;
