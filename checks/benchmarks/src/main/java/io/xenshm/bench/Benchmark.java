package io.xenshm.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of measurements. */
enum Benchmark {
  /** A stream, one flush a write. */
  STREAM,
  /** A stream whose client goes on writing in the middle of the flush that made room. */
  NESTED,
  /** A stream, one flush for 64 KiB of writes. */
  CONSOLIDATED,
  /** Round trips. */
  PING,
  /** Datagrams, sent as fast as the channel takes them. */
  DATAGRAM,
  /** Connections made and closed. */
  CONNECT,
  /** One busy connection among many idle ones. */
  MANY,
  /** Processor time of two processes with idle connections. */
  IDLE;

  static Optional<Benchmark> of(String name) {
    return Arrays.stream(values()).filter(benchmark -> benchmark.label().equals(name)).findFirst();
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
