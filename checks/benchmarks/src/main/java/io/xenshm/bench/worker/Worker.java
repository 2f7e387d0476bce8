package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;

/** One end of a transport, which does what it is told. Used by one thread. */
interface Worker extends AutoCloseable {

  /** Returns what the other end needs to find this one; {@code -} for nothing. */
  String address();

  /** Does one measurement and returns its numbers. */
  Answer run(String[] command) throws Exception;

  @Override
  void close();
}
