package io.xenshm.examples;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;

/** A listening channel with an event loop of its own. */
public final class Server implements AutoCloseable {
  private final MultiThreadIoEventLoopGroup group;
  private final Channel channel;
  private final Endpoint endpoint;

  private Server(MultiThreadIoEventLoopGroup group, Channel channel, Endpoint endpoint) {
    this.group = group;
    this.channel = channel;
    this.endpoint = endpoint;
  }

  /**
   * Binds; returns when connections are accepted.
   *
   * @param pipeline builds the pipeline of each accepted channel
   * @throws Exception if the address cannot be bound, with the transport's message
   */
  public static Server start(Endpoint endpoint, ChannelInitializer<Channel> pipeline)
      throws Exception {
    MultiThreadIoEventLoopGroup group = endpoint.newEventLoopGroup();
    try {
      Channel channel =
          new ServerBootstrap()
              .group(group)
              .channel(endpoint.serverChannelClass())
              .childHandler(pipeline)
              .bind(endpoint.address())
              .sync()
              .channel();
      return new Server(group, channel, endpoint.boundTo(channel));
    } catch (Throwable e) {
      EventLoops.shutDown(group);
      throw e;
    }
  }

  /** Returns the endpoint that clients connect to. */
  public Endpoint endpoint() {
    return endpoint;
  }

  /** Prints {@code READY} and the address, then waits until the listening channel is closed. */
  public void serve() throws InterruptedException {
    System.out.println("READY " + endpoint);
    channel.closeFuture().sync();
  }

  /** Closes the listening channel and those that it accepted. */
  @Override
  public void close() {
    EventLoops.shutDown(group);
  }
}
