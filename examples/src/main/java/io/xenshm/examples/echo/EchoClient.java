package io.xenshm.examples.echo;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.FixedLengthFrameDecoder;
import io.xenshm.examples.Arguments;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.Program;
import io.xenshm.examples.UsageException;
import java.util.concurrent.CompletableFuture;

/** The echo client: {@code EchoClient xen:1:4711} or {@code EchoClient tcp:127.0.0.1:4711}. */
public final class EchoClient {
  private static final int MESSAGE_BYTES = 64;
  private static final int DEFAULT_ROUND_TRIPS = 20_000;

  private EchoClient() {}

  /**
   * Connects, exchanges messages of 64 bytes one by one, and returns what was measured. As many
   * round trips again come before, for the compiler to warm up. Both take 3 seconds at most.
   *
   * @throws Exception if connecting fails, the connection is lost or an echo is wrong
   */
  public static EchoResult run(Endpoint endpoint, int roundTrips) throws Exception {
    CompletableFuture<EchoResult> result = new CompletableFuture<>();
    MultiThreadIoEventLoopGroup group = endpoint.newEventLoopGroup();
    try {
      new Bootstrap()
          .group(group)
          .channel(endpoint.channelClass())
          .handler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                  channel
                      .pipeline()
                      .addLast(new FixedLengthFrameDecoder(MESSAGE_BYTES))
                      .addLast(new EchoClientHandler(result, MESSAGE_BYTES, roundTrips));
                }
              })
          .connect(endpoint.address())
          .sync();
      return result.get();
    } finally {
      EventLoops.shutDown(group);
    }
  }

  /** Runs the client once and prints the median of the round trips. */
  public static void main(String[] args) {
    Program.run(
        "EchoClient",
        () -> {
          if (args.length < 1 || args.length > 2) {
            throw new UsageException(
                "use EchoClient ADDRESS [ROUNDTRIPS], for example EchoClient xen:1:4711");
          }
          int roundTrips = args.length == 2 ? Arguments.count(args[1]) : DEFAULT_ROUND_TRIPS;
          EchoResult result = run(Endpoint.parse(args[0]), roundTrips);
          System.out.printf(
              "%s: %d round trips, median %.1f \u00b5s%n",
              result.path(), result.roundTrips(), result.medianNanos() / 1000.0);
        });
  }
}
