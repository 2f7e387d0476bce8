package io.xenshm.examples.vertx;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.spi.transport.Transport;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;

/** What Vert.x asks for event loops and channels. Datagrams are UDP. */
final class XenShmTransportProvider implements Transport {

  @Override
  public IoHandlerFactory ioHandlerFactory() {
    return XenShmIoHandler.newFactory();
  }

  @Override
  public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
    refuseDomainSockets(domainSocket);
    return XenShmSocketChannel::new;
  }

  @Override
  public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
    refuseDomainSockets(domainSocket);
    return XenShmServerSocketChannel::new;
  }

  private static void refuseDomainSockets(boolean domainSocket) {
    if (domainSocket) {
      throw new IllegalArgumentException("no Unix domain sockets: use Vert.x's own transports");
    }
  }

  @Override
  public ChannelFactory<? extends DatagramChannel> datagramChannelFactory() {
    return EpollDatagramChannel::new;
  }

  @Override
  @SuppressWarnings("deprecation") // Vert.x's signature
  public DatagramChannel datagramChannel(InternetProtocolFamily family) {
    return new EpollDatagramChannel(family);
  }
}
