package io.xenshm.examples;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.xenshm.netty.XenShm;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmChannelOption;
import io.xenshm.netty.XenShmIoHandler;
import io.xenshm.netty.XenShmServerSocketChannel;
import io.xenshm.netty.XenShmSocketChannel;
import io.xenshm.xen.Xen;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/**
 * An address and the transport that reaches it. All that differs between a program over shared
 * memory and the same program over TCP is in here: the event loop's handler, the channel classes
 * and the address.
 */
public final class Endpoint {
  private static final String FORMS = "use xen:DOMAIN:PORT, tcp:HOST:PORT or auto:HOST:PORT";
  private static final int MAX_PORT = 65535;
  private static final int BULK_RING_BYTES = 512 * 1024;

  private final Supplier<IoHandlerFactory> ioHandlerFactory;
  private final Class<? extends ServerChannel> serverChannelClass;
  private final Class<? extends Channel> channelClass;
  private final InetSocketAddress address;

  private Endpoint(
      Supplier<IoHandlerFactory> ioHandlerFactory,
      Class<? extends ServerChannel> serverChannelClass,
      Class<? extends Channel> channelClass,
      InetSocketAddress address) {
    this.ioHandlerFactory = ioHandlerFactory;
    this.serverChannelClass = serverChannelClass;
    this.channelClass = channelClass;
    this.address = address;
  }

  /** Returns the endpoint at a TCP address, carried by Netty's epoll transport. */
  public static Endpoint tcp(InetSocketAddress address) {
    return new Endpoint(
        EpollIoHandler::newFactory,
        EpollServerSocketChannel.class,
        EpollSocketChannel.class,
        address);
  }

  /**
   * Returns the endpoint at a domain's port, carried by shared memory, through the back end that
   * this process is configured for.
   */
  public static Endpoint xenShm(XenShmAddress address) {
    return xenShm(XenShmIoHandler::newFactory, address);
  }

  /** Returns the endpoint at a domain's port, carried by shared memory, through a back end. */
  public static Endpoint xenShm(Xen xen, XenShmAddress address) {
    return xenShm(() -> XenShmIoHandler.newFactory(xen), address);
  }

  /**
   * Returns the endpoint at an IP address: by shared memory where a guest of this host has it, by
   * TCP otherwise.
   */
  public static Endpoint auto(InetSocketAddress address) {
    return xenShm(XenShmIoHandler::newFactory, address);
  }

  private static Endpoint xenShm(Supplier<IoHandlerFactory> factory, InetSocketAddress address) {
    return new Endpoint(
        factory, XenShmServerSocketChannel.class, XenShmSocketChannel.class, address);
  }

  /**
   * Reads {@code xen:DOMAIN:PORT}, {@code tcp:HOST:PORT} or {@code auto:HOST:PORT}.
   *
   * @throws UsageException if the text has none of these forms, or names shared memory and the back
   *     end that this process is configured for cannot be used
   */
  public static Endpoint parse(String text) throws UsageException {
    String[] parts = text.split(":", -1);
    if (parts.length == 3 && parts[0].equals("xen")) {
      XenShmAddress address = xenShmAddress(text, parts[1], parts[2]);
      if (!XenShm.isAvailable()) {
        throw new UsageException(XenShm.unavailabilityCause().getMessage());
      }
      return xenShm(address);
    }
    if (parts.length == 3 && parts[0].equals("auto") && !parts[1].isEmpty()) {
      return auto(new InetSocketAddress(parts[1], port(text, parts[2])));
    }
    if (parts.length == 3 && parts[0].equals("tcp") && !parts[1].isEmpty()) {
      return tcp(new InetSocketAddress(parts[1], port(text, parts[2])));
    }
    throw new UsageException("'" + text + "' is no address: " + FORMS);
  }

  /** Creates an event loop group of one thread for this endpoint's channels. */
  public MultiThreadIoEventLoopGroup newEventLoopGroup() {
    return new MultiThreadIoEventLoopGroup(1, ioHandlerFactory.get());
  }

  /**
   * Sets the options of a channel that sends much at a time: over shared memory a ring that takes
   * hundreds of kilobytes before the sender must wait; over TCP none, as its buffers grow to that
   * by themselves.
   */
  public void prepareForBulk(Bootstrap bootstrap) {
    if (channelClass == XenShmSocketChannel.class) {
      bootstrap.option(XenShmChannelOption.XENSHM_RING_SIZE, BULK_RING_BYTES);
    }
  }

  /** Returns the class of the channel that listens. */
  public Class<? extends ServerChannel> serverChannelClass() {
    return serverChannelClass;
  }

  /** Returns the class of the channel that connects. */
  public Class<? extends Channel> channelClass() {
    return channelClass;
  }

  /** Returns the address to bind or to connect to. */
  public InetSocketAddress address() {
    return address;
  }

  /** Returns the same endpoint with the address that a listening channel was bound to. */
  public Endpoint boundTo(Channel listening) {
    return new Endpoint(
        ioHandlerFactory,
        serverChannelClass,
        channelClass,
        (InetSocketAddress) listening.localAddress());
  }

  /** Returns the path that the bytes of a connected channel take, as the channel reports it. */
  public static String pathOf(Channel channel) {
    return channel instanceof XenShmSocketChannel socket ? socket.path().name() : "TCP";
  }

  /** Returns what {@link #parse} reads. */
  @Override
  public String toString() {
    if (address instanceof XenShmAddress) {
      return address.toString();
    }
    String form = channelClass == XenShmSocketChannel.class ? "auto:" : "tcp:";
    return form + address.getHostString() + ":" + address.getPort();
  }

  private static XenShmAddress xenShmAddress(String text, String domain, String port)
      throws UsageException {
    try {
      return new XenShmAddress(number(text, domain), port(text, port));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static int port(String text, String port) throws UsageException {
    int number = number(text, port);
    if (number > MAX_PORT) {
      throw new UsageException("port " + port + " in '" + text + "': use 0 to " + MAX_PORT);
    }
    return number;
  }

  private static int number(String text, String part) throws UsageException {
    try {
      return Integer.parseUnsignedInt(part);
    } catch (NumberFormatException e) {
      throw new UsageException("'" + part + "' in '" + text + "' is no number: " + FORMS);
    }
  }
}
