package io.xenshm.examples.vertx;

import io.netty.channel.epoll.Epoll;
import io.vertx.core.transport.Transport;

/**
 * The transport for {@link io.vertx.core.VertxBuilder#withTransport}. It is available wherever
 * epoll is: without Xen its connections are TCP.
 */
public final class XenShmTransport implements Transport {

  @Override
  public String name() {
    return "xenshm";
  }

  @Override
  public boolean available() {
    return Epoll.isAvailable();
  }

  @Override
  public Throwable unavailabilityCause() {
    return Epoll.unavailabilityCause();
  }

  @Override
  public io.vertx.core.spi.transport.Transport implementation() {
    return new XenShmTransportProvider();
  }
}
