package io.xenshm.sim.xenstore;

/**
 * What a guest may have. dom0 has no limits.
 *
 * @param nodes nodes that a domain owns
 * @param watches watches of a domain
 * @param transactions transactions of a domain at a time
 * @param nodeSize bytes of a node: of its value for oxenstored, of its database record, with the
 *     names of the children, for the C daemon
 * @param permissions entries in a node's permissions
 * @param accesses nodes that a transaction touches
 */
record StoreQuotas(
    int nodes, int watches, int transactions, int nodeSize, int permissions, int accesses) {

  static StoreQuotas defaults(XenStoreFlavour flavour) {
    return new StoreQuotas(1000, flavour.maxWatches(), 10, 2048, 5, 1024);
  }
}
