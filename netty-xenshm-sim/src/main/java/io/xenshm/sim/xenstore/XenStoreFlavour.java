package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xenstore.XenStoreProtocol;

/**
 * Which of Xen's two daemons is simulated. They differ in who owns a new node, in some limits and
 * in the error that a reached limit gives.
 */
public enum XenStoreFlavour {
  /** {@code xenstored}, written in C: who creates a node owns it. */
  C(128, Code.E2BIG, Code.ENOSPC),
  /** {@code oxenstored}, written in OCaml: a new node has its parent's owner. */
  OCAML(100, Code.EQUOTA, Code.EQUOTA);

  private final int maxWatches;
  private final Code watchQuotaError;
  private final Code quotaError;

  XenStoreFlavour(int maxWatches, Code watchQuotaError, Code quotaError) {
    this.maxWatches = maxWatches;
    this.watchQuotaError = watchQuotaError;
    this.quotaError = quotaError;
  }

  /** Watches that a domain may have, by default. */
  int maxWatches() {
    return maxWatches;
  }

  /** Error for one watch too many. */
  Code watchQuotaError() {
    return watchQuotaError;
  }

  /** Error for one node or transaction too many. */
  Code quotaError() {
    return quotaError;
  }

  /** Error for a guest that gives a node of its own to another domain. */
  Code foreignOwnerError() {
    return this == C ? Code.EPERM : Code.EACCES;
  }

  /**
   * Whether an entry of a domain that is gone stays in a node's permissions, without effect, and no
   * node can be given to such a domain. Else the entry is taken away.
   */
  boolean remembersGoneDomains() {
    return this == C;
  }

  /** Error for a transaction that is not open. */
  Code unknownTransactionError() {
    return this == C ? Code.ENOENT : Code.EIO;
  }

  /** Whether a list that does not fit into one frame can be read in parts. */
  boolean hasDirectoryPart() {
    return this == C;
  }

  /** Largest payload of a reply to a domain's connection; dom0's is a Unix socket. */
  int maxReply(int domainId) {
    return this == OCAML && domainId == 0
        ? XenStoreProtocol.MAX_SOCKET_REPLY
        : XenStoreProtocol.MAX_PAYLOAD;
  }

  /** Whether a new node belongs to its creator, rather than to its parent's owner. */
  boolean creatorOwns() {
    return this == C;
  }
}
