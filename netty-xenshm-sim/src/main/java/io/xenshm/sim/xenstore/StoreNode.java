package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStore.Access;
import io.xenshm.xen.XenStore.Permission;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A node of the tree, with everything below it. Never changes: a change makes new nodes. */
final class StoreNode {
  /** Sizes in the C daemon's database: {@code struct xs_tdb_record_hdr, struct xs_permissions}. */
  private static final int RECORD_HEADER = 24;

  private static final int RECORD_PERMISSION = 8;

  private final byte[] value;
  private final List<Permission> permissions;

  /** Entries of domains that are gone: they are shown, and mean nothing. */
  private final List<Permission> revoked;

  private final Map<String, StoreNode> children;

  /** Changes with the value, the permissions and the names of the children. */
  private final long generation;

  StoreNode(
      byte[] value,
      List<Permission> permissions,
      List<Permission> revoked,
      Map<String, StoreNode> children,
      long generation) {
    this.value = value;
    this.permissions = permissions;
    this.revoked = revoked;
    this.children = children;
    this.generation = generation;
  }

  byte[] value() {
    return value;
  }

  /** Returns the permissions that count. */
  List<Permission> permissions() {
    return permissions;
  }

  List<Permission> revoked() {
    return revoked;
  }

  /** Returns the permissions as the daemon tells them. */
  List<Permission> shownPermissions() {
    List<Permission> shown = new ArrayList<>(permissions);
    shown.addAll(revoked);
    return shown;
  }

  long generation() {
    return generation;
  }

  int owner() {
    return permissions.get(0).domainId();
  }

  List<String> childNames() {
    return new ArrayList<>(children.keySet());
  }

  StoreNode child(String name) {
    return children.get(name);
  }

  StoreNode withValue(byte[] newValue, long newGeneration) {
    return new StoreNode(newValue, permissions, revoked, children, newGeneration);
  }

  StoreNode withPermissions(
      List<Permission> newPermissions, List<Permission> newRevoked, long newGeneration) {
    return new StoreNode(value, newPermissions, newRevoked, children, newGeneration);
  }

  StoreNode withNewChild(String name, StoreNode child, long newGeneration) {
    return new StoreNode(value, permissions, revoked, copyWith(name, child), newGeneration);
  }

  StoreNode withoutChild(String name, long newGeneration) {
    Map<String, StoreNode> copy = new LinkedHashMap<>(children);
    copy.remove(name);
    return new StoreNode(value, permissions, revoked, copy, newGeneration);
  }

  /** Replaces a node below this one; no names of children change. */
  StoreNode replace(List<String> names, UnaryOperator<StoreNode> change) {
    if (names.isEmpty()) {
      return change.apply(this);
    }
    String name = names.get(0);
    StoreNode changed = children.get(name).replace(names.subList(1, names.size()), change);
    return new StoreNode(value, permissions, revoked, copyWith(name, changed), generation);
  }

  private Map<String, StoreNode> copyWith(String name, StoreNode child) {
    Map<String, StoreNode> copy = new LinkedHashMap<>(children);
    copy.put(name, child);
    return copy;
  }

  /** Size as the C daemon counts it, in bytes: the names of the children are part of it. */
  int recordSize() {
    int entries = permissions.size() + revoked.size();
    int size = RECORD_HEADER + RECORD_PERMISSION * entries + value.length;
    for (String name : children.keySet()) {
      size += name.getBytes(StandardCharsets.US_ASCII).length + 1;
    }
    return size;
  }

  /** What a domain may do with a node of these permissions: dom0 and the owner everything. */
  static Access accessOf(int domainId, List<Permission> permissions) {
    if (domainId == 0 || permissions.get(0).domainId() == domainId) {
      return Access.BOTH;
    }
    for (Permission permission : permissions.subList(1, permissions.size())) {
      if (permission.domainId() == domainId) {
        return permission.access();
      }
    }
    return permissions.get(0).access();
  }

  boolean canRead(int domainId) {
    return accessOf(domainId, permissions).canRead();
  }

  boolean canWrite(int domainId) {
    return accessOf(domainId, permissions).canWrite();
  }
}
