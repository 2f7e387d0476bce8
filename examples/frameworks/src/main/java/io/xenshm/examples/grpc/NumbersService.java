package io.xenshm.examples.grpc;

import io.grpc.stub.StreamObserver;
import io.xenshm.examples.grpc.proto.Number;
import io.xenshm.examples.grpc.proto.NumbersGrpc.NumbersImplBase;

/** What the server does at each kind of call. */
final class NumbersService extends NumbersImplBase {

  @Override
  public void square(Number request, StreamObserver<Number> responses) {
    long value = request.getValue();
    responses.onNext(request.toBuilder().setValue(value * value).build());
    responses.onCompleted();
  }

  @Override
  public void countTo(Number request, StreamObserver<Number> responses) {
    for (long i = 1; i <= request.getValue(); i++) {
      responses.onNext(number(i));
    }
    responses.onCompleted();
  }

  @Override
  public StreamObserver<Number> sum(StreamObserver<Number> responses) {
    return new Adder(responses, false);
  }

  @Override
  public StreamObserver<Number> runningSum(StreamObserver<Number> responses) {
    return new Adder(responses, true);
  }

  static Number number(long value) {
    return Number.newBuilder().setValue(value).build();
  }

  /** Adds what the client sends. */
  private static final class Adder implements StreamObserver<Number> {
    private final StreamObserver<Number> responses;
    private final boolean running;
    private long sum;

    Adder(StreamObserver<Number> responses, boolean running) {
      this.responses = responses;
      this.running = running;
    }

    @Override
    public void onNext(Number number) {
      sum += number.getValue();
      if (running) {
        responses.onNext(number(sum));
      }
    }

    @Override
    public void onError(Throwable cause) {
      // the client is gone
    }

    @Override
    public void onCompleted() {
      if (!running) {
        responses.onNext(number(sum));
      }
      responses.onCompleted();
    }
  }
}
