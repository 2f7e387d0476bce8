/**
 * What Xen gives a guest, as interfaces: grants, event channels and XenStore.
 *
 * <p>Two back ends implement them: the devices under {@code /dev/xen}, and a simulated host for
 * tests and for machines without Xen. One set of contract tests holds both to the semantics that
 * are written down here.
 */
package io.xenshm.xen;
