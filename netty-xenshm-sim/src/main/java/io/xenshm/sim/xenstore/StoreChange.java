package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStore.Permission;
import java.util.List;

/**
 * A node that changed, for watches.
 *
 * @param path the node
 * @param subtree whether watches above the node are told too, not only those on it
 * @param seenWith permissions of the node, of the same before the change, and of its parent: who
 *     may read by one of them is told
 */
record StoreChange(String path, boolean subtree, List<List<Permission>> seenWith) {

  boolean concerns(String watched) {
    return path.equals(watched)
        || (subtree && (watched.equals("/") || path.startsWith(watched + "/")));
  }

  boolean isVisibleTo(int domainId) {
    return seenWith.stream()
        .anyMatch(permissions -> StoreNode.accessOf(domainId, permissions).canRead());
  }
}
