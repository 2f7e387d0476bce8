package io.xenshm.examples.frameworks;

import java.net.InetSocketAddress;

/** The server of an example. */
@FunctionalInterface
public interface ExampleServer {
  /**
   * Starts it; returns when it accepts connections.
   *
   * @throws Exception if it cannot listen at the address
   */
  RunningServer start(InetSocketAddress address, Tls tls) throws Exception;
}
