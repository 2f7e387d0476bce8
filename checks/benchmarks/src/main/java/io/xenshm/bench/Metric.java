package io.xenshm.bench;

/** What was measured of something. */
enum Metric {
  /** 1,000,000 bytes a second. */
  MEGABYTES_PER_SECOND,
  /** Of the client's working thread, as a part of one processor. */
  CLIENT_CPU,
  /** Of the server's working thread, as a part of one processor. */
  SERVER_CPU,
  /** Heap bytes that the client's working thread allocated for one message. */
  CLIENT_ALLOCATION,
  /** Heap bytes that the server's working thread allocated for one message. */
  SERVER_ALLOCATION,
  /** How often the client's working thread read, wrote or slept for one message. */
  CLIENT_CALLS,
  /** How often the server's working thread read, wrote or slept for one message. */
  SERVER_CALLS,
  /** Median of the round trips in microseconds. */
  P50,
  /** What 99 of 100 round trips took at most, in microseconds. */
  P99,
  /** What 999 of 1000 round trips took at most, in microseconds. */
  P999,
  /** Connections made and closed in a second. */
  PER_SECOND,
  /** Packets that arrived in a second. */
  PACKETS_PER_SECOND,
  /** Packets of 100 that did not arrive. */
  LOSS,
  /** Processor time of the process, as a part of one processor. */
  IDLE_CPU
}
