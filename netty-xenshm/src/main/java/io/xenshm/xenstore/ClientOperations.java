package io.xenshm.xenstore;

import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.XenStoreOperations;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Operations on nodes, in one transaction or in none. */
final class ClientOperations implements XenStoreOperations {
  /** How often a list that changes while it is read in parts is begun again. */
  private static final int MAX_LIST_ATTEMPTS = 50;

  private final XenStoreConnection connection;
  private final int transactionId;
  private final int epoch;

  /**
   * Creates operations of a transaction.
   *
   * @param epoch the connection that the transaction belongs to; {@link
   *     PendingRequest#ANY_CONNECTION} where there is no transaction
   */
  ClientOperations(XenStoreConnection connection, int transactionId, int epoch) {
    this.connection = connection;
    this.transactionId = transactionId;
    this.epoch = epoch;
  }

  @Override
  public CompletableFuture<byte[]> read(String path) {
    return send(XenStoreProtocol.READ, path);
  }

  @Override
  public CompletableFuture<Void> write(String path, byte[] value) {
    byte[] payload = Payloads.of(List.of(XenStorePaths.requireValid(path)), value);
    return done(send(XenStoreProtocol.WRITE, path, payload));
  }

  @Override
  public CompletableFuture<Void> makeDirectory(String path) {
    return done(send(XenStoreProtocol.MKDIR, path));
  }

  @Override
  public CompletableFuture<Void> remove(String path) {
    return done(send(XenStoreProtocol.RM, path));
  }

  @Override
  public CompletableFuture<List<String>> list(String path) {
    CompletableFuture<List<String>> result = new CompletableFuture<>();
    Futures.onComplete(
        send(XenStoreProtocol.DIRECTORY, path),
        result,
        (reply, failure) -> {
          if (failure == null) {
            result.complete(Payloads.strings(reply));
          } else if (Futures.isCode(failure, Code.E2BIG)) {
            new ListInParts(path, result).next();
          } else {
            result.completeExceptionally(failure);
          }
        });
    return result;
  }

  @Override
  public CompletableFuture<List<Permission>> permissions(String path) {
    return Futures.map(
        send(XenStoreProtocol.GET_PERMS, path),
        reply -> Payloads.strings(reply).stream().map(Permission::parse).toList());
  }

  @Override
  public CompletableFuture<Void> setPermissions(String path, List<Permission> permissions) {
    if (permissions.isEmpty()) {
      throw new IllegalArgumentException("no permissions for " + path + ": the owner is missing");
    }
    StringBuilder strings = new StringBuilder(XenStorePaths.requireValid(path)).append('\0');
    permissions.forEach(permission -> strings.append(permission).append('\0'));
    byte[] payload = strings.toString().getBytes(StandardCharsets.UTF_8);
    return done(send(XenStoreProtocol.SET_PERMS, path, payload));
  }

  /** Ends the transaction. */
  CompletableFuture<Void> end(boolean commit) {
    return done(
        send(XenStoreProtocol.TRANSACTION_END, commit ? "commit" : "abort", endPayload(commit)));
  }

  static byte[] endPayload(boolean commit) {
    return Payloads.of(commit ? "T" : "F");
  }

  private CompletableFuture<byte[]> send(int type, String path) {
    return send(type, path, Payloads.of(XenStorePaths.requireValid(path)));
  }

  private CompletableFuture<byte[]> send(int type, String subject, byte[] payload) {
    PendingRequest request = new PendingRequest(type, transactionId, epoch, payload, subject);
    if (payload.length > connection.maxPayload()) {
      request.fail(
          Code.E2BIG,
          payload.length + " bytes, at most " + connection.maxPayload() + " fit into a frame");
    } else {
      connection.submit(request);
    }
    return request.reply;
  }

  private static CompletableFuture<Void> done(CompletableFuture<byte[]> reply) {
    return Futures.map(reply, ok -> null);
  }

  /**
   * Reads a list that does not fit into one frame. A part is the node's generation, then names; an
   * empty name ends the list. A part of another generation begins it anew.
   */
  private final class ListInParts {
    private final String path;
    private final CompletableFuture<List<String>> result;
    private final ByteArrayOutputStream names = new ByteArrayOutputStream();
    private String generation = "";
    private int attempts;

    ListInParts(String path, CompletableFuture<List<String>> result) {
      this.path = path;
      this.result = result;
    }

    void next() {
      byte[] payload = Payloads.of(path, Integer.toString(names.size()));
      Futures.onComplete(
          send(XenStoreProtocol.DIRECTORY_PART, path, payload),
          result,
          (reply, failure) -> {
            if (failure != null) {
              result.completeExceptionally(failure);
            } else {
              received(reply);
            }
          });
    }

    private void received(byte[] reply) {
      String newGeneration = Payloads.firstString(reply);
      int start = newGeneration.length() + 1;
      if (reply.length <= start) {
        fail(Code.EIO, "a part without names");
        return;
      }
      if (!newGeneration.equals(generation) && names.size() > 0) {
        names.reset();
        generation = "";
        attempts++;
        if (attempts < MAX_LIST_ATTEMPTS) {
          next();
        } else {
          fail(Code.EAGAIN, "the list changes faster than it can be read");
        }
        return;
      }
      generation = newGeneration;
      boolean last =
          reply.length == start + 1
              ? reply[start] == 0
              : reply[reply.length - 1] == 0 && reply[reply.length - 2] == 0;
      names.write(reply, start, reply.length - start - (last ? 1 : 0));
      if (last) {
        result.complete(Payloads.strings(names.toByteArray()));
      } else {
        next();
      }
    }

    private void fail(Code code, String reason) {
      result.completeExceptionally(
          new XenStoreException(code, "XenStore DIRECTORY_PART " + path + ": " + reason));
    }
  }
}
