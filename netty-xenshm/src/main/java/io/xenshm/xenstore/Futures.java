package io.xenshm.xenstore;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Futures that fail with the exception itself, not with one around it. */
final class Futures {

  private Futures() {}

  /** A reply that cannot be read fails with EIO. */
  static <T> CompletableFuture<T> map(CompletableFuture<byte[]> reply, Function<byte[], T> read) {
    CompletableFuture<T> result = new CompletableFuture<>();
    onComplete(
        reply,
        result,
        (value, failure) -> {
          if (failure != null) {
            result.completeExceptionally(failure);
            return;
          }
          try {
            result.complete(read.apply(value));
          } catch (IllegalArgumentException e) {
            result.completeExceptionally(
                new XenStoreException(Code.EIO, "malformed XenStore reply: " + e.getMessage()));
          }
        });
    return result;
  }

  /** Acts on the outcome; whatever the action throws is swallowed. */
  @SuppressWarnings("FutureReturnValueIgnored") // the action sees the failure
  static <T> void onComplete(
      CompletableFuture<T> future, BiConsumer<? super T, ? super Throwable> action) {
    future.whenComplete(action);
  }

  /** Acts on the outcome; whatever the action throws fails the result that hangs on it. */
  static <T> void onComplete(
      CompletableFuture<T> future,
      CompletableFuture<?> result,
      BiConsumer<? super T, ? super Throwable> action) {
    onComplete(
        future,
        (value, failure) -> {
          try {
            action.accept(value, failure);
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
  }

  static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  static boolean isCode(Throwable failure, Code code) {
    return unwrap(failure) instanceof XenStoreException e && e.code() == code;
  }
}
