/**
 * XenStore's wire protocol and its client.
 *
 * <p>The same client talks to a daemon's Unix socket and to {@code /dev/xen/xenbus}: both are a
 * descriptor that frames are written to and read from.
 */
package io.xenshm.xenstore;
