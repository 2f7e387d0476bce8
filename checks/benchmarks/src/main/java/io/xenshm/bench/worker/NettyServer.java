package io.xenshm.bench.worker;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.xenshm.bench.Answer;
import io.xenshm.examples.EventLoops;

/**
 * A server on one event loop. Its connections say themselves what is to be done. Datagrams are
 * counted between
 *
 * <pre>
 * datagrams SIZE MANY
 * datagrams-end
 * </pre>
 */
final class NettyServer implements Worker {
  private static final int BACKLOG = 1024;

  private final NettyTransport transport;
  private final Channel listening;
  private DatagramServer datagrams;

  NettyServer(NettyTransport transport) throws InterruptedException {
    this.transport = transport;
    listening =
        new ServerBootstrap()
            .group(transport.group())
            .channel(transport.serverClass())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new ServerHandler());
                  }
                })
            .bind(transport.address())
            .sync()
            .channel();
  }

  @Override
  public String address() {
    return transport.addressText(listening);
  }

  @Override
  public Answer run(String[] command) throws Exception {
    return switch (command[0]) {
      case "datagrams" -> {
        int size = Integer.parseInt(command[1]);
        datagrams = new DatagramServer(transport, size, Boolean.parseBoolean(command[2]));
        yield new Answer().with("port", datagrams.port());
      }
      case "datagrams-end" -> datagrams.end();
      case "limits" -> NettyClient.limits();
      default -> new Answer();
    };
  }

  @Override
  public void close() {
    EventLoops.shutDown(transport.group());
  }
}
