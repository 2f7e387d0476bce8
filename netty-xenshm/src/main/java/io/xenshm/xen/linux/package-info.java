/**
 * Xen as a Linux kernel shows it: grants through {@code /dev/xen/gntalloc} and {@code
 * /dev/xen/gntdev}, event channels through {@code /dev/xen/evtchn}, XenStore through {@code
 * /dev/xen/xenbus} in a guest and through the daemon's socket in dom0.
 */
package io.xenshm.xen.linux;
