/**
 * Examples of the transport. Their pipelines are ordinary Netty; {@link
 * io.xenshm.examples.Endpoint} is the only class that knows which transport carries them.
 */
package io.xenshm.examples;
