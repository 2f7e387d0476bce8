package io.xenshm.xenstore;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.XenStoreOperations;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A transaction, from its first attempt to its commit or to the last conflict. */
final class ClientTransaction<T> {
  static final int MAX_ATTEMPTS = 50;

  private static final long LIMIT_PAUSE_MILLIS = 20;

  private final XenStoreConnection connection;
  private final Function<XenStoreOperations, CompletableFuture<T>> body;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private int attempts;

  ClientTransaction(
      XenStoreConnection connection, Function<XenStoreOperations, CompletableFuture<T>> body) {
    this.connection = connection;
    this.body = body;
  }

  CompletableFuture<T> result() {
    return result;
  }

  /** To be called once from outside. Does not throw. */
  void attempt() {
    try {
      start();
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }

  private void start() {
    attempts++;
    // Read before the request goes out: if the connection changes in between, it fails as lost.
    int epoch = connection.epoch();
    PendingRequest start =
        new PendingRequest(
            XenStoreProtocol.TRANSACTION_START,
            XenStoreProtocol.NO_TRANSACTION,
            epoch,
            Payloads.of(""),
            "transaction",
            late -> abandon(late, epoch));
    Futures.onComplete(
        start.reply,
        result,
        (reply, failure) -> {
          if (failure == null) {
            started(reply, epoch);
          } else if (isAtLimit(failure) && attempts < MAX_ATTEMPTS) {
            // Other processes of this guest have all the transactions that the daemon allows it.
            CompletableFuture.delayedExecutor(LIMIT_PAUSE_MILLIS, TimeUnit.MILLISECONDS)
                .execute(this::attempt);
          } else {
            result.completeExceptionally(failure);
          }
        });
    connection.submit(start);
  }

  private static boolean isAtLimit(Throwable failure) {
    return Futures.isCode(failure, Code.ENOSPC) || Futures.isCode(failure, Code.EQUOTA);
  }

  /** Ends a transaction that started after everybody had given up on it. */
  private void abandon(byte[] reply, int epoch) {
    try {
      Futures.onComplete(operations(reply, epoch).end(false), (ok, ignored) -> {});
    } catch (NumberFormatException e) {
      connection.drop("malformed transaction number");
    }
  }

  private ClientOperations operations(byte[] reply, int epoch) {
    int id = Integer.parseUnsignedInt(Payloads.firstString(reply));
    return new ClientOperations(connection, id, epoch);
  }

  private void started(byte[] reply, int epoch) {
    ClientOperations operations;
    try {
      operations = operations(reply, epoch);
    } catch (NumberFormatException e) {
      result.completeExceptionally(
          new XenStoreException(
              Code.EIO, "malformed XenStore reply: transaction number " + e.getMessage()));
      return;
    }
    CompletableFuture<T> value;
    try {
      value = Objects.requireNonNull(body.apply(operations), "a transaction's body returned null");
    } catch (Throwable e) {
      value = CompletableFuture.failedFuture(e);
    }
    Futures.onComplete(
        value,
        result,
        (v, failure) -> {
          if (failure == null) {
            commit(operations, v);
          } else {
            abort(operations, Futures.unwrap(failure));
          }
        });
  }

  private void commit(ClientOperations operations, T value) {
    Futures.onComplete(
        operations.end(true),
        result,
        (ok, failure) -> {
          if (failure == null) {
            result.complete(value);
          } else {
            againOrFail(failure);
          }
        });
  }

  private void abort(ClientOperations operations, Throwable failure) {
    Futures.onComplete(operations.end(false), result, (ok, ignored) -> againOrFail(failure));
  }

  private void againOrFail(Throwable failure) {
    if (Futures.isCode(failure, Code.EAGAIN) && attempts < MAX_ATTEMPTS) {
      attempt();
    } else {
      result.completeExceptionally(failure);
    }
  }
}
