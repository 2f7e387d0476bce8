package io.xenshm.bench;

import io.xenshm.bench.Pair.Measured;
import io.xenshm.bench.Results.Subject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** Measures everything once, the transports in turns. */
final class Round {
  static final int[] STREAM_SIZES = {256, 1024, 16 * 1024, 64 * 1024, 128 * 1024};
  static final String WITHOUT_SPINNING = "xenshm, spinning off";
  static final String WITH_RECVMMSG = "epoll, recvmmsg";

  private static final int[] SMALL_STREAM_SIZES = {256, 1024, 16 * 1024};
  private static final int CONSOLIDATED_FLUSH_BYTES = 64 * 1024;
  private static final int[] PING_SIZES = {64, 1024, 16 * 1024};
  private static final int[] PACKET_SIZES = {64, 512, 1400, 16 * 1024};
  private static final int PACKET_MILLIS = 1000;
  private static final int[] CONNECTIONS = {1, 10, 100, 800};
  private static final int MANY_SIZE = 16 * 1024;
  private static final int[] CONNECTS_AT_A_TIME = {1, 8};
  private static final int IDLE_CONNECTIONS = 100;
  private static final int MAX_TRANSFERS = 5_000_000;
  private static final Set<Transport> COMPARED_WITH_MANY =
      EnumSet.of(Transport.XENSHM, Transport.EPOLL, Transport.UDS);

  private final Amounts amounts;
  private final BenchOptions options;
  private final List<Pair> pairs;
  private final Results results;
  private final Consumer<String> progress;

  /**
   * A round.
   *
   * @param progress is told what was measured
   */
  Round(
      Amounts amounts,
      BenchOptions options,
      List<Pair> pairs,
      Results results,
      Consumer<String> progress) {
    this.amounts = amounts;
    this.options = options;
    this.pairs = pairs;
    this.results = results;
    this.progress = progress;
  }

  void run() throws IOException, InterruptedException {
    for (Benchmark benchmark : options.benchmarks()) {
      switch (benchmark) {
        case STREAM -> streams(benchmark, STREAM_SIZES, 0);
        case NESTED -> streams(benchmark, SMALL_STREAM_SIZES, 0);
        case CONSOLIDATED -> streams(benchmark, SMALL_STREAM_SIZES, CONSOLIDATED_FLUSH_BYTES);
        case PING -> pings();
        case DATAGRAM -> datagrams();
        case CONNECT -> connects();
        case MANY -> many();
        case IDLE -> idle();
      }
    }
  }

  private void streams(Benchmark benchmark, int[] sizes, int flushBytes)
      throws IOException, InterruptedException {
    for (int size : sizes) {
      for (Pair pair : pairs) {
        if (benchmark == Benchmark.STREAM || pair.transport().isNetty()) {
          stream(pair, new Subject(benchmark, label(pair), size), size, flushBytes);
        }
      }
    }
  }

  private void stream(Pair pair, Subject subject, int size, int flushBytes)
      throws IOException, InterruptedException {
    long messages = Math.min(Math.ceilDiv(amounts.streamBytes(size), size), MAX_TRANSFERS);
    Measured measured =
        pair.measureStream(
            size,
            messages * size,
            flushBytes,
            subject.benchmark() == Benchmark.NESTED,
            options.ringSize());
    double nanos = measured.answer().number("nanos");
    double rate = messages * size / (nanos / 1e9) / 1e6;
    results.add(subject, Metric.MEGABYTES_PER_SECOND, rate);
    results.add(subject, Metric.CLIENT_CPU, measured.client().workerNanos() / nanos);
    results.add(subject, Metric.SERVER_CPU, measured.server().workerNanos() / nanos);
    results.add(
        subject,
        Metric.CLIENT_ALLOCATION,
        measured.answer().number("allocated") / (double) messages);
    results.add(
        subject, Metric.SERVER_ALLOCATION, measured.server().allocatedBytes() / (double) messages);
    calls(subject, measured, messages);
    say(subject, "%.0f MB/s", rate);
  }

  private void pings() throws IOException, InterruptedException {
    for (int size : PING_SIZES) {
      for (Pair pair : pairs) {
        if (pair.transport().hasTwoEnds()) {
          ping(pair, new Subject(Benchmark.PING, label(pair), size), size, true);
        }
        if (pair.transport() == Transport.XENSHM) {
          ping(pair, new Subject(Benchmark.PING, WITHOUT_SPINNING, size), size, false);
        }
      }
    }
  }

  private void ping(Pair pair, Subject subject, int size, boolean spins)
      throws IOException, InterruptedException {
    int count = amounts.roundTrips();
    Measured measured =
        pair.measure("ping %d %d %b %d".formatted(size, count, spins, options.ringSize()));
    Histogram histogram = decode(measured.answer().text("histogram"));
    results.add(subject, histogram);
    double median = histogram.getValueAtPercentile(50) / 1e3;
    results.add(subject, Metric.P50, median);
    results.add(subject, Metric.P99, histogram.getValueAtPercentile(99) / 1e3);
    results.add(subject, Metric.P999, histogram.getValueAtPercentile(99.9) / 1e3);
    results.add(
        subject, Metric.CLIENT_ALLOCATION, measured.answer().number("allocated") / (double) count);
    results.add(
        subject, Metric.SERVER_ALLOCATION, measured.server().allocatedBytes() / (double) count);
    calls(subject, measured, count);
    say(subject, "%.1f µs", median);
  }

  private void calls(Subject subject, Measured measured, long messages) {
    results.add(subject, Metric.CLIENT_CALLS, measured.client().calls() / (double) messages);
    results.add(subject, Metric.SERVER_CALLS, measured.server().calls() / (double) messages);
  }

  static Histogram decode(String encoded) throws IOException {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(encoded);
      return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(bytes), 1);
    } catch (DataFormatException e) {
      throw new IOException("a client's histogram cannot be read: " + e.getMessage(), e);
    }
  }

  private void datagrams() throws IOException, InterruptedException {
    for (int size : PACKET_SIZES) {
      for (Pair pair : pairs) {
        switch (pair.transport()) {
          case XENSHM -> datagrams(pair, label(pair), size, false);
          case EPOLL -> {
            datagrams(pair, label(pair), size, false);
            datagrams(pair, WITH_RECVMMSG, size, true);
          }
          case AGRONA -> packetsThatWait(pair, size);
          default -> {
            // has no datagrams
          }
        }
      }
    }
  }

  private void datagrams(Pair pair, String series, int size, boolean many)
      throws IOException, InterruptedException {
    long port = pair.askServer("datagrams %d %b".formatted(size, many)).number("port");
    Measured measured = pair.measure("datagrams %d %d %d".formatted(size, PACKET_MILLIS, port));
    Answer arrived = pair.askServer("datagrams-end");
    double received = arrived.number("received");
    double sent = measured.answer().number("sent");
    Subject subject = new Subject(Benchmark.DATAGRAM, series, size);
    double rate = received / (arrived.number("nanos") / 1e9);
    results.add(subject, Metric.PACKETS_PER_SECOND, rate);
    results.add(subject, Metric.LOSS, 100 * (1 - received / sent));
    say(subject, "%.0f packets a second", rate);
  }

  /** Agrona's ring loses nothing: its sender waits for room. */
  private void packetsThatWait(Pair pair, int size) throws IOException, InterruptedException {
    long packets = Math.min(amounts.streamBytes(size) / size, MAX_TRANSFERS);
    Measured measured = pair.measureStream(size, packets * size);
    Subject subject = new Subject(Benchmark.DATAGRAM, label(pair), size);
    double rate = packets / (measured.answer().number("nanos") / 1e9);
    results.add(subject, Metric.PACKETS_PER_SECOND, rate);
    results.add(subject, Metric.LOSS, 0);
    say(subject, "%.0f packets a second", rate);
  }

  private void connects() throws IOException, InterruptedException {
    for (int atATime : CONNECTS_AT_A_TIME) {
      for (Pair pair : pairs) {
        if (pair.transport().isNetty()) {
          connects(pair, new Subject(Benchmark.CONNECT, label(pair), atATime));
        }
      }
    }
  }

  private void connects(Pair pair, Subject subject) throws IOException, InterruptedException {
    Measured measured =
        pair.measure("connect %d %d".formatted(amounts.connects(), subject.parameter()));
    double rate = amounts.connects() / (measured.answer().number("nanos") / 1e9);
    Histogram histogram = decode(measured.answer().text("histogram"));
    results.add(subject, Metric.PER_SECOND, rate);
    results.add(subject, Metric.P50, histogram.getValueAtPercentile(50) / 1e3);
    say(subject, "%.0f a second", rate);
  }

  private void many() throws IOException, InterruptedException {
    for (Pair pair : pairs) {
      if (COMPARED_WITH_MANY.contains(pair.transport())) {
        int open = 0;
        for (int connections : CONNECTIONS) {
          pair.tell("open %d %d".formatted(connections - 1 - open, options.ringSize()));
          open = connections - 1;
          stream(pair, new Subject(Benchmark.MANY, label(pair), connections), MANY_SIZE, 0);
        }
        pair.tell("close");
      }
    }
  }

  private void idle() throws IOException, InterruptedException {
    for (Pair pair : pairs) {
      if (COMPARED_WITH_MANY.contains(pair.transport())) {
        pair.tell("open %d %d".formatted(IDLE_CONNECTIONS, options.ringSize()));
        TimeUnit.SECONDS.sleep(1);
        long before = System.nanoTime();
        Measured measured = pair.measure("rest " + amounts.idleMillis());
        double nanos = System.nanoTime() - before;
        Subject subject = new Subject(Benchmark.IDLE, label(pair), IDLE_CONNECTIONS);
        double share =
            (measured.client().processNanos() + measured.server().processNanos()) / nanos;
        results.add(subject, Metric.IDLE_CPU, share);
        say(subject, "%.3f of a processor", share);
        pair.tell("close");
      }
    }
  }

  private static String label(Pair pair) {
    return pair.transport().label();
  }

  private void say(Subject subject, String form, double value) {
    progress.accept(
        "%s %d %s: %s"
            .formatted(
                subject.benchmark().label(),
                subject.parameter(),
                subject.series(),
                form.formatted(value)));
  }
}
