package io.xenshm.xenstore;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A request from its submission to its reply. */
final class PendingRequest {
  /** For a request that any connection may carry. */
  static final int ANY_CONNECTION = -1;

  final int type;
  final int transactionId;
  final byte[] payload;

  /** The connection that it must go through, by its number; or any. */
  final int epoch;

  final CompletableFuture<byte[]> reply = new CompletableFuture<>();

  /** What is to be undone where the reply comes after the time-out. */
  private final Consumer<byte[]> onLateReply;

  private final String subject;
  private boolean expired;
  long deadlineNanos;

  PendingRequest(
      int type,
      int transactionId,
      int epoch,
      byte[] payload,
      String subject,
      Consumer<byte[]> onLateReply) {
    this.type = type;
    this.transactionId = transactionId;
    this.epoch = epoch;
    this.payload = payload;
    this.subject = subject;
    this.onLateReply = onLateReply;
  }

  PendingRequest(int type, int transactionId, int epoch, byte[] payload, String subject) {
    this(type, transactionId, epoch, payload, subject, late -> {});
  }

  void complete(byte[] value) {
    if (expired) {
      onLateReply.accept(value);
    } else {
      reply.complete(value);
    }
  }

  void fail(Code code, String reason) {
    reply.completeExceptionally(
        new XenStoreException(
            code, "XenStore " + XenStoreProtocol.nameOf(type) + " " + subject + ": " + reason));
  }

  void expire(String reason) {
    expired = true;
    fail(Code.TIMEOUT, reason);
  }

  boolean isExpired() {
    return expired;
  }
}
