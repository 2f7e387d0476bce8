package io.xenshm.examples.echo;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.Server;
import io.xenshm.examples.UsageException;

/** The echo server: {@code EchoServer xen:1:4711} or {@code EchoServer tcp:127.0.0.1:4711}. */
public final class EchoServer {
  private static final EchoServerHandler HANDLER = new EchoServerHandler();

  private EchoServer() {}

  /**
   * Starts the server.
   *
   * @throws Exception if the address cannot be bound
   */
  public static Server start(Endpoint endpoint) throws Exception {
    return Server.start(
        endpoint,
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(HANDLER);
          }
        });
  }

  /** Serves until the process is ended. Prints {@code READY} and the address once it does. */
  public static void main(String[] args) {
    Program.run(
        "EchoServer",
        () -> {
          if (args.length != 1) {
            throw new UsageException("use EchoServer ADDRESS, for example EchoServer xen:1:4711");
          }
          try (Server server = start(Endpoint.parse(args[0]))) {
            server.serve();
          }
        });
  }
}
