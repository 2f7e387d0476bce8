package io.xenshm.agent;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStore.WatchListener;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** The watches on what trusted guests say of themselves. For one thread. */
final class ClaimWatches {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(ClaimWatches.class);

  private final XenStore store;
  private final WatchListener listener;
  private final Map<String, CompletableFuture<Watch>> watches = new HashMap<>();

  ClaimWatches(XenStore store, WatchListener listener) {
    this.store = store;
    this.listener = listener;
  }

  /** Watches these guests, and no others any more. */
  void watch(List<Guest> guests) {
    Set<String> wanted = new HashSet<>();
    guests.forEach(guest -> wanted.addAll(GuestClaims.directories(guest.domainId())));
    watches
        .entrySet()
        .removeIf(
            entry -> {
              if (wanted.contains(entry.getKey())) {
                return entry.getValue().isCompletedExceptionally();
              }
              entry.getValue().thenAccept(Watch::cancel);
              return true;
            });
    for (String path : wanted) {
      watches.computeIfAbsent(path, this::register);
    }
  }

  private CompletableFuture<Watch> register(String path) {
    CompletableFuture<Watch> watch = store.watch(path, listener);
    watch.whenComplete(
        (ok, failure) -> {
          if (failure != null) {
            logger.warn("No watch on {}: {}", path, failure.getMessage());
          }
        });
    return watch;
  }
}
