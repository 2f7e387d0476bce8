package io.xenshm.xenstore;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStore.WatchListener;
import io.xenshm.xen.XenStoreException.Code;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** The client's watches, by tokens of its own. */
final class ClientWatches implements XenStoreConnection.Listener {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(ClientWatches.class);

  private final Map<String, ClientWatch> watches = new ConcurrentHashMap<>();
  private final AtomicLong tokens = new AtomicLong();
  private XenStoreConnection connection;

  /** Set once, before the connection's thread starts. */
  void setConnection(XenStoreConnection connection) {
    this.connection = connection;
  }

  CompletableFuture<Watch> add(String path, WatchListener listener) {
    XenStorePaths.requireValidWatch(path);
    ClientWatch watch = new ClientWatch(Long.toString(tokens.incrementAndGet()), path, listener);
    // Known before the request goes out: the first event may come before the reply.
    watches.put(watch.token, watch);
    CompletableFuture<Watch> result = new CompletableFuture<>();
    PendingRequest request = watch.register();
    Futures.onComplete(
        request.reply,
        (ok, failure) -> {
          if (failure == null) {
            watch.established = true;
            result.complete(watch);
          } else {
            watches.remove(watch.token);
            result.completeExceptionally(failure);
          }
        });
    connection.submit(request);
    return result;
  }

  @Override
  public void watchFired(String token, String path) {
    ClientWatch watch = watches.get(token);
    if (watch == null) {
      return; // cancelled while the event was on its way
    }
    try {
      watch.listener.changed(path);
    } catch (Throwable e) {
      LOGGER.warn("The listener of the XenStore watch on {} failed", watch.path, e);
    }
  }

  @Override
  public List<PendingRequest> reconnected() {
    return watches.values().stream()
        .filter(watch -> watch.established)
        .map(ClientWatch::registerAgain)
        .toList();
  }

  private final class ClientWatch implements Watch {
    private final String token;
    private final String path;
    private final WatchListener listener;
    private volatile boolean established;

    ClientWatch(String token, String path, WatchListener listener) {
      this.token = token;
      this.path = path;
      this.listener = listener;
    }

    PendingRequest register() {
      return request(XenStoreProtocol.WATCH, late -> connection.submit(unregister()));
    }

    PendingRequest registerAgain() {
      PendingRequest request = register();
      Futures.onComplete(
          request.reply,
          (ok, failure) -> {
            if (failure == null && !watches.containsKey(token)) {
              connection.submit(unregister()); // cancelled meanwhile
            } else if (failure != null && !Futures.isCode(failure, Code.DISCONNECTED)) {
              // A watch that is silently gone would be worse than a connection that comes later.
              connection.drop("cannot register a watch again: " + failure.getMessage());
            }
          });
      return request;
    }

    private PendingRequest unregister() {
      return request(XenStoreProtocol.UNWATCH, late -> {});
    }

    private PendingRequest request(int type, Consumer<byte[]> onLateReply) {
      return new PendingRequest(
          type,
          XenStoreProtocol.NO_TRANSACTION,
          PendingRequest.ANY_CONNECTION,
          Payloads.of(path, token),
          path,
          onLateReply);
    }

    @Override
    public CompletableFuture<Void> cancel() {
      CompletableFuture<Void> result = new CompletableFuture<>();
      if (watches.remove(token) == null) {
        result.complete(null);
        return result;
      }
      PendingRequest request = unregister();
      Futures.onComplete(
          request.reply,
          (ok, failure) -> {
            // Without the connection, or after a restart, the daemon does not know the watch.
            if (failure == null
                || Futures.isCode(failure, Code.DISCONNECTED)
                || Futures.isCode(failure, Code.ENOENT)) {
              result.complete(null);
            } else {
              result.completeExceptionally(failure);
            }
          });
      connection.submit(request);
      return result;
    }
  }
}
