package io.xenshm.xen;

import io.xenshm.xen.XenStore.Permission;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What can be done with nodes, alone or in a transaction. See {@link XenStore} for threads and
 * failures.
 */
public interface XenStoreOperations {

  /** Reads a node's value. Fails with {@code ENOENT} or {@code EACCES}. */
  CompletableFuture<byte[]> read(String path);

  /** Writes a node's value; creates it, and the nodes above it, where they are missing. */
  CompletableFuture<Void> write(String path, byte[] value);

  /** Creates an empty node, and the nodes above it. Has no effect where it is there. */
  CompletableFuture<Void> makeDirectory(String path);

  /**
   * Removes a node and everything below it. Fails with {@code ENOENT} where its parent is missing
   * too.
   */
  CompletableFuture<Void> remove(String path);

  /** Lists the names of a node's children, in no particular order. */
  CompletableFuture<List<String>> list(String path);

  /** Returns a node's permissions: the first entry is its owner and what everybody else may do. */
  CompletableFuture<List<Permission>> permissions(String path);

  /** Replaces a node's permissions. */
  CompletableFuture<Void> setPermissions(String path, List<Permission> permissions);

  /** Reads a node's value as UTF-8. */
  default CompletableFuture<String> readString(String path) {
    return read(path).thenApply(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /** Writes a node's value as UTF-8. */
  default CompletableFuture<Void> write(String path, String value) {
    return write(path, value.getBytes(StandardCharsets.UTF_8));
  }
}
