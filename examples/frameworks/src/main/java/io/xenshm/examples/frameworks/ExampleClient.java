package io.xenshm.examples.frameworks;

import java.net.InetSocketAddress;

/** The client of an example. */
@FunctionalInterface
public interface ExampleClient {
  /**
   * Runs it to its end.
   *
   * @return what was done, in words
   * @throws Exception if it failed, or an answer was not the right one
   */
  String run(InetSocketAddress address, Tls tls) throws Exception;
}
