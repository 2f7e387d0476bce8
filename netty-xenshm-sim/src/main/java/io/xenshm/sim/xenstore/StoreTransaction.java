package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.ArrayList;
import java.util.List;

/**
 * A transaction: a copy of the tree, and what was done to it. At the commit every node that it
 * looked at must still be what it was; then the same is done to the tree that all see.
 */
final class StoreTransaction {

  /** Something done to a tree. */
  @FunctionalInterface
  interface Operation {
    void applyTo(StoreTree tree) throws XenStoreException;
  }

  private final StoreTree tree;
  private final int maxAccesses;
  private final List<Operation> operations = new ArrayList<>();

  StoreTransaction(StoreTree current, int maxAccesses) {
    this.tree = current.copyForTransaction();
    this.maxAccesses = maxAccesses;
  }

  /** What the transaction sees; for reading. */
  StoreTree tree() {
    return tree;
  }

  void apply(Operation operation) throws XenStoreException {
    operation.applyTo(tree);
    operations.add(operation);
  }

  /**
   * Returns what the current tree becomes.
   *
   * @throws XenStoreException with EAGAIN where there is a conflict
   */
  StoreTree commit(StoreTree current, int domainId) throws XenStoreException {
    if (domainId != 0 && tree.accessCount() > maxAccesses) {
      throw new XenStoreException(Code.ENOSPC, "the transaction touched too many nodes");
    }
    if (current.conflictsWith(tree)) {
      throw new XenStoreException(Code.EAGAIN, "conflict");
    }
    StoreTree next = current.copy();
    for (Operation operation : operations) {
      operation.applyTo(next);
    }
    return next;
  }
}
