/**
 * A simulated Xen host on one Linux machine, for tests, examples and containers.
 *
 * <p>One host ({@link io.xenshm.sim.SimulatedHost}) plays the hypervisor, the guests' kernels and
 * the XenStore daemon. Processes take part as {@link io.xenshm.sim.SimulatedXen}, each in the
 * domain it names. They share a directory on a tmpfs:
 *
 * <pre>
 * DIR/xenshm-host            marks the directory; locked while the host runs
 * DIR/hypercall/ID.sock      control operations of domain ID's processes; a hang-up is a death
 * DIR/xenstore/ID.sock       XenStore for domain ID
 * DIR/ports/ID               domain ID's port table, mapped by everybody
 * DIR/doorbells/NUMBER       the FIFO of one EventChannels
 * DIR/pages/HANDLE           the pages of one grant operation
 * DIR/run/ID/                domain ID's runtime directory
 * </pre>
 *
 * <p>The host takes no part in moving data: pages are mapped files, a notification is a
 * compare-and-set in the port table and a write to a FIFO.
 *
 * <p>This is no security boundary: every process that may open the directory may do anything.
 */
package io.xenshm.sim;
