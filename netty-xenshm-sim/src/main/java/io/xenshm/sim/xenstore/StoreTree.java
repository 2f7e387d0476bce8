package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStore.Access;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;

/**
 * The tree of nodes and the rules about them: who may do what, who owns what, how much of it.
 *
 * <p>Nodes never change, so a copy of the tree is cheap: a transaction works on one. All paths are
 * absolute and valid.
 */
final class StoreTree {
  private static final byte[] EMPTY = new byte[0];

  /** Generation of a node that is not there. */
  private static final long MISSING = -1;

  private final XenStoreFlavour flavour;
  private final StoreQuotas quotas;
  private final IntPredicate exists;
  private final AtomicLong generations;
  private final Map<Integer, Integer> owned;
  private StoreNode root;

  private final List<StoreChange> changes = new ArrayList<>();

  /** Nodes that were looked at, with the generation they had at first; null: not recorded. */
  private Map<String, Long> accesses;

  /**
   * Creates a tree of the root alone.
   *
   * @param exists tells whether the hypervisor knows a domain
   */
  StoreTree(XenStoreFlavour flavour, StoreQuotas quotas, IntPredicate exists) {
    this(flavour, quotas, exists, new AtomicLong(), new HashMap<>(), null);
    root = new StoreNode(EMPTY, List.of(new Permission(0, Access.NONE)), List.of(), Map.of(), 0);
    owned.put(0, 1);
  }

  private StoreTree(
      XenStoreFlavour flavour,
      StoreQuotas quotas,
      IntPredicate exists,
      AtomicLong generations,
      Map<Integer, Integer> owned,
      StoreNode root) {
    this.flavour = flavour;
    this.quotas = quotas;
    this.exists = exists;
    this.generations = generations;
    this.owned = owned;
    this.root = root;
  }

  StoreTree copy() {
    return new StoreTree(flavour, quotas, exists, generations, new HashMap<>(owned), root);
  }

  /** Returns a copy that remembers what is looked at. */
  StoreTree copyForTransaction() {
    StoreTree copy = copy();
    copy.accesses = new HashMap<>();
    return copy;
  }

  /** Whether a node that a transaction looked at is not what it was then. */
  boolean conflictsWith(StoreTree transaction) {
    for (Map.Entry<String, Long> access : transaction.accesses.entrySet()) {
      StoreNode node = lookUp(access.getKey());
      if ((node == null ? MISSING : node.generation()) != access.getValue()) {
        return true;
      }
    }
    return false;
  }

  int accessCount() {
    return accesses.size();
  }

  int owned(int domainId) {
    return owned.getOrDefault(domainId, 0);
  }

  /** Returns the changes since the last call. */
  List<StoreChange> takeChanges() {
    List<StoreChange> taken = new ArrayList<>(changes);
    changes.clear();
    return taken;
  }

  StoreNode readable(int domainId, String path) throws XenStoreException {
    StoreNode node = access(path);
    if (node == null) {
      throw missing(path, flavour != XenStoreFlavour.C || nearest(path).canRead(domainId));
    }
    if (!node.canRead(domainId)) {
      throw denied(path);
    }
    return node;
  }

  void write(int domainId, String path, byte[] value) throws XenStoreException {
    StoreNode node = access(path);
    if (node == null) {
      create(domainId, path, value);
      return;
    }
    if (!node.canWrite(domainId)) {
      throw denied(path);
    }
    StoreNode changed = node.withValue(value, nextGeneration());
    checkSize(domainId, path, changed);
    replace(path, changed);
    changed(path, true, List.of(node.permissions(), parentPermissions(path)));
  }

  void makeDirectory(int domainId, String path) throws XenStoreException {
    StoreNode node = access(path);
    if (node == null) {
      create(domainId, path, EMPTY);
    } else if (!node.canWrite(domainId)) {
      throw denied(path);
    }
  }

  void remove(int domainId, String path) throws XenStoreException {
    StoreNode node = access(path);
    if (node == null) {
      removeMissing(domainId, path);
      return;
    }
    if (!node.canWrite(domainId)) {
      throw denied(path);
    }
    if (path.equals("/")) {
      throw new XenStoreException(Code.EINVAL, "the root cannot be removed");
    }
    String parentPath = parentOf(path);
    StoreNode parent = access(parentPath);
    removed(path, node, parent.permissions(), true);
    replace(parentPath, parent.withoutChild(nameOf(path), nextGeneration()));
  }

  void setPermissions(int domainId, String path, List<Permission> permissions)
      throws XenStoreException {
    if (domainId != 0 && permissions.size() > quotas.permissions()) {
      throw new XenStoreException(flavour.quotaError(), "too many permissions");
    }
    int newOwner = permissions.get(0).domainId();
    if (isForgotten(newOwner)) {
      throw new XenStoreException(Code.ENOENT, "there is no domain " + newOwner);
    }
    StoreNode node = access(path);
    if (node == null) {
      throw missing(path, flavour != XenStoreFlavour.C || nearest(path).canWrite(domainId));
    }
    if (domainId != 0 && node.owner() != domainId) {
      throw denied(path);
    }
    if (domainId != 0 && newOwner != domainId) {
      throw new XenStoreException(flavour.foreignOwnerError(), path);
    }
    List<Permission> effective = new ArrayList<>(permissions);
    List<Permission> revoked = revoke(effective, this::isForgotten);
    StoreNode changed = node.withPermissions(effective, revoked, nextGeneration());
    checkSize(domainId, path, changed);
    count(node.owner(), -1);
    count(newOwner, 1);
    replace(path, changed);
    changed(
        path, true, List.of(changed.permissions(), node.permissions(), parentPermissions(path)));
  }

  private boolean isForgotten(int domainId) {
    return flavour.remembersGoneDomains() && !exists.test(domainId);
  }

  /** Takes away and returns the entries of some domains, but for the owner. */
  private static List<Permission> revoke(List<Permission> permissions, IntPredicate domains) {
    List<Permission> others = permissions.subList(1, permissions.size());
    List<Permission> revoked =
        others.stream().filter(entry -> domains.test(entry.domainId())).toList();
    others.removeAll(revoked);
    return revoked;
  }

  /**
   * Removes what a domain that is gone owned anywhere, and takes away what others allowed it.
   * Watches are not told.
   */
  void forget(int domainId) {
    root = without(root, domainId);
    owned.remove(domainId);
  }

  private StoreNode without(StoreNode node, int domainId) {
    StoreNode result = node;
    for (String name : node.childNames()) {
      StoreNode child = node.child(name);
      if (child.owner() == domainId) {
        uncount(child);
        result = result.withoutChild(name, nextGeneration());
      } else {
        StoreNode changed = without(child, domainId);
        if (changed != child) {
          result = result.replace(List.of(name), old -> changed);
        }
      }
    }
    List<Permission> kept = new ArrayList<>(result.permissions());
    List<Permission> revoked = revoke(kept, entry -> entry == domainId);
    if (revoked.isEmpty()) {
      return result;
    }
    if (!flavour.remembersGoneDomains()) {
      return result.withPermissions(kept, List.of(), nextGeneration());
    }
    List<Permission> shown = new ArrayList<>(result.revoked());
    shown.addAll(revoked);
    return result.withPermissions(kept, shown, result.generation());
  }

  private void uncount(StoreNode node) {
    node.childNames().forEach(name -> uncount(node.child(name)));
    count(node.owner(), -1);
  }

  private void removeMissing(int domainId, String path) throws XenStoreException {
    if (flavour == XenStoreFlavour.C && !nearest(path).canWrite(domainId)) {
      throw denied(path);
    }
    if (access(parentOf(path)) == null) {
      throw new XenStoreException(Code.ENOENT, path);
    }
  }

  /** Counts and reports a node and all below it, from the bottom up. */
  private void removed(
      String path, StoreNode node, List<Permission> parentPermissions, boolean top) {
    for (String name : node.childNames()) {
      String child = path + "/" + name;
      access(child);
      removed(child, node.child(name), node.permissions(), false);
    }
    count(node.owner(), -1);
    changed(path, top, List.of(node.permissions(), parentPermissions));
  }

  private void create(int domainId, String path, byte[] value) throws XenStoreException {
    String top = parentOf(path);
    List<String> created = new ArrayList<>(List.of(nameOf(path)));
    while (access(top) == null) {
      created.add(0, nameOf(top));
      top = parentOf(top);
    }
    StoreNode parent = lookUp(top);
    if (!parent.canWrite(domainId)) {
      throw denied(path);
    }
    List<Permission> permissions = inherited(domainId, parent);
    int owner = permissions.get(0).domainId();
    if (domainId != 0 && owner != 0 && owned(owner) + created.size() > quotas.nodes()) {
      throw new XenStoreException(
          flavour.quotaError(), "domain " + owner + " owns " + owned(owner) + " nodes");
    }
    StoreNode node =
        new StoreNode(value, permissions, parent.revoked(), Map.of(), nextGeneration());
    checkSize(domainId, path, node);
    for (int i = created.size() - 1; i > 0; i--) {
      StoreNode empty =
          new StoreNode(EMPTY, permissions, parent.revoked(), Map.of(), nextGeneration());
      node = empty.withNewChild(created.get(i), node, nextGeneration());
    }
    StoreNode changedParent = parent.withNewChild(created.get(0), node, nextGeneration());
    checkSize(domainId, top, changedParent);
    replace(top, changedParent);
    count(owner, created.size());
    changed(path, true, List.of(permissions, parentPermissions(path)));
  }

  private List<Permission> inherited(int domainId, StoreNode parent) {
    if (domainId == 0 || !flavour.creatorOwns()) {
      return parent.permissions();
    }
    List<Permission> permissions = new ArrayList<>(parent.permissions());
    permissions.set(0, new Permission(domainId, permissions.get(0).access()));
    return permissions;
  }

  private void checkSize(int domainId, String path, StoreNode node) throws XenStoreException {
    if (flavour == XenStoreFlavour.C) {
      if (domainId != 0 && node.recordSize() >= quotas.nodeSize()) {
        throw new XenStoreException(Code.ENOSPC, path);
      }
    } else if (node.value().length > quotas.nodeSize()) {
      throw new XenStoreException(Code.E2BIG, path);
    }
  }

  private void changed(String path, boolean subtree, List<List<Permission>> seenWith) {
    changes.add(new StoreChange(path, subtree, seenWith));
  }

  private List<Permission> parentPermissions(String path) {
    return lookUp(parentOf(path)).permissions();
  }

  private void count(int domainId, int difference) {
    owned.merge(domainId, difference, Integer::sum);
  }

  private long nextGeneration() {
    return generations.incrementAndGet();
  }

  private void replace(String path, StoreNode node) {
    root = root.replace(names(path), old -> node);
  }

  private StoreNode nearest(String path) {
    String parent = parentOf(path);
    StoreNode node = access(parent);
    return node == null ? nearest(parent) : node;
  }

  private StoreNode access(String path) {
    StoreNode node = lookUp(path);
    if (accesses != null) {
      accesses.putIfAbsent(path, node == null ? MISSING : node.generation());
    }
    return node;
  }

  StoreNode lookUp(String path) {
    StoreNode node = root;
    for (String name : names(path)) {
      node = node == null ? null : node.child(name);
    }
    return node;
  }

  private static List<String> names(String path) {
    return path.equals("/") ? List.of() : Arrays.asList(path.substring(1).split("/", -1));
  }

  private static String parentOf(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "/" : path.substring(0, slash);
  }

  private static String nameOf(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The C daemon tells nobody of a missing node who could not have seen it. */
  private static XenStoreException missing(String path, boolean mayKnow) {
    return mayKnow ? new XenStoreException(Code.ENOENT, path) : denied(path);
  }

  private static XenStoreException denied(String path) {
    return new XenStoreException(Code.EACCES, path);
  }
}
