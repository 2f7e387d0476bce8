package io.xenshm.examples.frameworks;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.xenshm.examples.EventLoops;
import java.net.InetSocketAddress;

/**
 * A server that listens.
 *
 * @param port where
 * @param stop closes it, and what it accepted
 */
public record RunningServer(int port, Runnable stop) implements AutoCloseable {

  /** Returns the server of a listening channel that has an event loop group of its own. */
  public static RunningServer of(Channel listening, EventLoopGroup group) {
    int port = ((InetSocketAddress) listening.localAddress()).getPort();
    return new RunningServer(port, () -> EventLoops.shutDown(group));
  }

  @Override
  public void close() {
    stop.run();
  }
}
