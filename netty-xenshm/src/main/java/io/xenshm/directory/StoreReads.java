package io.xenshm.directory;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.XenStoreOperations;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Reads in which a missing node is nothing unusual. */
public final class StoreReads {

  private StoreReads() {}

  /** Reads a node's value; empty where there is no such node. */
  public static CompletableFuture<String> text(XenStoreOperations store, String path) {
    return orElse(store.readString(path), "").thenApply(String::trim);
  }

  /** Lists a node's children; none where there is no such node. */
  public static CompletableFuture<List<String>> children(XenStoreOperations store, String path) {
    return orElse(store.list(path), List.of());
  }

  private static <T> CompletableFuture<T> orElse(CompletableFuture<T> read, T missing) {
    return read.exceptionallyCompose(
        failure ->
            isMissing(failure)
                ? CompletableFuture.completedFuture(missing)
                : CompletableFuture.failedFuture(failure));
  }

  /** The C daemon says EACCES for what is missing in a directory that is not ours to read. */
  public static boolean isMissing(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof XenStoreException e
        && (e.code() == Code.ENOENT || e.code() == Code.EACCES);
  }

  /** Completes with all results, in order; fails as the first that fails. */
  public static <T> CompletableFuture<List<T>> all(List<CompletableFuture<T>> parts) {
    return CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
        .thenApply(done -> parts.stream().map(CompletableFuture::join).toList());
  }
}
