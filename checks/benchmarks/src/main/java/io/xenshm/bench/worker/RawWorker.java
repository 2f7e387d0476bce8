package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;

/**
 * One end of a pipe without Netty. Both ends are told the same; what they do depends on the side:
 *
 * <pre>
 * stream SIZE TOTAL         the client sends, the server counts and answers
 * ping SIZE COUNT           the client sends and waits, the server sends back
 * </pre>
 *
 * <p>The server's measurements begin with the word {@code serve}.
 */
final class RawWorker implements Worker {
  private static final int SPINS_BEFORE_YIELD = 256;

  private final RawPipe pipe;
  private int spins;

  RawWorker(RawPipe pipe) {
    this.pipe = pipe;
    ProcessMeter.workOnThisThread();
  }

  @Override
  public String address() {
    return "-";
  }

  @Override
  public Answer run(String[] command) {
    boolean serves = command[0].equals("serve");
    int first = serves ? 1 : 0;
    int size = Integer.parseInt(command[first + 1]);
    long number = Long.parseLong(command[first + 2]);
    boolean stream = command[first].equals("stream");
    if (serves) {
      if (stream) {
        receive(number);
        send(Long.BYTES);
      } else {
        echo(size, number);
      }
      return new Answer();
    }
    return stream ? stream(size, number) : ping(size, (int) number);
  }

  private Answer stream(int size, long total) {
    long before = ProcessMeter.allocatedByThisThread();
    long start = System.nanoTime();
    for (long sent = 0; sent < total; sent += size) {
      send(size);
    }
    receive(Long.BYTES);
    return new Answer()
        .with("nanos", System.nanoTime() - start)
        .with("allocated", ProcessMeter.allocatedByThisThread() - before);
  }

  private Answer ping(int size, int count) {
    RoundTrips roundTrips = new RoundTrips(count);
    long before = ProcessMeter.allocatedByThisThread();
    roundTrips.begin();
    do {
      send(size);
      receive(size);
    } while (roundTrips.ended());
    return new Answer()
        .with("allocated", ProcessMeter.allocatedByThisThread() - before)
        .with("histogram", roundTrips.encoded());
  }

  private void echo(int size, long count) {
    for (long i = 0; i < count; i++) {
      receive(size);
      send(size);
    }
  }

  private void send(int length) {
    int left = length;
    while (left > 0) {
      int count = pipe.send(left);
      left -= count;
      pauseUnless(count > 0);
    }
  }

  private void receive(long length) {
    long left = length;
    while (left > 0) {
      int count = pipe.receive();
      left -= count;
      pauseUnless(count > 0);
    }
  }

  /** Spins; now and then gives the processor away, in case that the other end has none. */
  @SuppressWarnings("ThreadPriorityCheck")
  private void pauseUnless(boolean progress) {
    if (progress) {
      spins = 0;
    } else if (++spins < SPINS_BEFORE_YIELD) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  @Override
  public void close() {
    pipe.close();
  }
}
