package io.xenshm.directory;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntPredicate;

/**
 * Which of the domains that were looked up are gone, without an agent that tells. A guest sees of
 * another only what that one made readable, so this watches the directory of its listeners: it goes
 * only with its domain. A domain that never had one is not said to be gone.
 *
 * <p>Watches are a scarce quota: the domains that were looked up last have one, up to a bound. All
 * methods may be called from any thread.
 */
final class LiveDomains {
  static final int MAX_WATCHED = 16;

  private static final InternalLogger logger = InternalLoggerFactory.getInstance(LiveDomains.class);

  private final XenStore store;
  private final Map<Integer, Listeners> watched = new LinkedHashMap<>(16, 0.75f, true); // this
  private boolean closed; // this

  LiveDomains(XenStore store) {
    this.store = store;
  }

  /** Says whether a domain is known to be gone; begins to watch it if it is not watched yet. */
  synchronized boolean isGone(int domainId) {
    Listeners listeners = watched.get(domainId);
    if (listeners == null && !closed) {
      listeners = new Listeners(domainId);
      watched.put(domainId, listeners);
      if (watched.size() > MAX_WATCHED) {
        Iterator<Listeners> eldest = watched.values().iterator();
        eldest.next().stop();
        eldest.remove();
      }
      listeners.start();
    }
    return listeners != null && listeners.gone;
  }

  /** Ends the watches of the domains that are of no more interest. */
  synchronized void retain(IntPredicate wanted) {
    watched
        .values()
        .removeIf(
            listeners -> {
              if (wanted.test(listeners.domainId)) {
                return false;
              }
              listeners.stop();
              return true;
            });
  }

  synchronized void close() {
    closed = true;
    retain(domain -> false);
  }

  private synchronized void forget(Listeners listeners) {
    watched.remove(listeners.domainId, listeners);
  }

  /** The directory of a domain's listeners. */
  private final class Listeners {
    private final int domainId;
    private final String path;
    private CompletableFuture<Watch> watch;
    private boolean seen; // of XenStore's thread
    private volatile boolean gone;

    Listeners(int domainId) {
      this.domainId = domainId;
      this.path = "/local/domain/" + domainId + "/data/xenshm/listen";
    }

    void start() {
      watch = store.watch(path, this::changed);
      watch.whenComplete(
          (registered, failure) -> {
            if (failure != null) {
              logger.debug("No watch on {}", path, failure);
              // Others, a quota above all, would only fail again at each lookup.
              if (isPassing(failure)) {
                forget(this);
              }
            }
          });
    }

    void stop() {
      if (watch != null) {
        watch.thenAccept(Watch::cancel);
      }
    }

    /** Looks only when the directory itself changed: listeners come and go below it. */
    private void changed(String changedPath) {
      if (path.startsWith(changedPath)) {
        store.read(path).whenComplete((value, failure) -> looked(failure));
      }
    }

    private void looked(Throwable failure) {
      if (failure == null) {
        seen = true;
        gone = false;
      } else if (seen && StoreReads.isMissing(failure)) {
        gone = true;
      }
    }
  }

  private static boolean isPassing(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof XenStoreException e
        && (e.code() == Code.DISCONNECTED || e.code() == Code.TIMEOUT);
  }
}
