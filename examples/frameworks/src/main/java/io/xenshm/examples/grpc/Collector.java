package io.xenshm.examples.grpc;

import io.grpc.stub.StreamObserver;
import io.xenshm.examples.grpc.proto.Number;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Collects the numbers that a server sends. */
final class Collector implements StreamObserver<Number> {
  private final List<Long> numbers = new ArrayList<>();
  private final CompletableFuture<List<Long>> all = new CompletableFuture<>();

  /** Returns what becomes the list of them when the call is complete. */
  CompletableFuture<List<Long>> all() {
    return all;
  }

  @Override
  public void onNext(Number number) {
    numbers.add(number.getValue());
  }

  @Override
  public void onError(Throwable cause) {
    all.completeExceptionally(cause);
  }

  @Override
  public void onCompleted() {
    all.complete(List.copyOf(numbers));
  }
}
