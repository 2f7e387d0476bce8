/**
 * The XenStore daemon of the simulated host: the tree with its permissions, quotas, transactions
 * and watches, served in the real wire protocol over one Unix socket per domain.
 *
 * <p>It behaves as one of the two real daemons, by choice ({@link
 * io.xenshm.sim.xenstore.XenStoreFlavour}). It is no security boundary.
 */
package io.xenshm.sim.xenstore;
