package io.xenshm.examples.transfer;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.xenshm.examples.Arguments;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.Program;
import io.xenshm.examples.UsageException;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongConsumer;

/**
 * Sends a file of pseudo-random content: {@code FileSender xen:1:4712} or {@code FileSender
 * tcp:127.0.0.1:4712 50M}.
 */
public final class FileSender implements AutoCloseable {
  private static final String DEFAULT_SIZE = "300M";
  private static final long SEED = 1;

  private final Endpoint endpoint;
  private final MultiThreadIoEventLoopGroup group;

  /** Creates a sender with an event loop of its own. */
  public FileSender(Endpoint endpoint) {
    this.endpoint = endpoint;
    this.group = endpoint.newEventLoopGroup();
  }

  /**
   * Connects, sends a file and waits for the receiver's verdict.
   *
   * @param progress is told, on the event loop, the number of bytes written so far
   * @throws IOException if connecting fails or the connection is lost
   */
  public TransferResult send(SampleFile file, LongConsumer progress)
      throws IOException, InterruptedException {
    CompletableFuture<TransferResult> result = new CompletableFuture<>();
    Bootstrap bootstrap =
        new Bootstrap()
            .group(group)
            .channel(endpoint.channelClass())
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(new ChunkedWriteHandler())
                        .addLast(new FileSenderHandler(file, progress, result));
                  }
                });
    endpoint.prepareForBulk(bootstrap);
    bootstrap
        .connect(endpoint.address())
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                result.completeExceptionally(connected.cause());
              }
            });
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    }
  }

  /** Ends the event loop. */
  @Override
  public void close() {
    EventLoops.shutDown(group);
  }

  /** Sends one file, shows its progress and prints the result. */
  public static void main(String[] args) {
    Program.run(
        "FileSender",
        () -> {
          if (args.length < 1 || args.length > 2) {
            throw new UsageException(
                "use FileSender ADDRESS [SIZE], for example FileSender xen:1:4712 300M");
          }
          Endpoint endpoint = Endpoint.parse(args[0]);
          long size = Arguments.bytes(args.length == 2 ? args[1] : DEFAULT_SIZE);
          run(endpoint, size);
        });
  }

  private static void run(Endpoint endpoint, long size) throws IOException, InterruptedException {
    try (SampleFile file = SampleFile.create(size, SEED);
        FileSender sender = new FileSender(endpoint)) {
      ProgressBar bar =
          new ProgressBar(System.out, ProgressBar.onTerminal(), endpoint.toString(), size);
      TransferResult result = sender.send(file, bar);
      System.out.printf(
          Locale.ROOT,
          "%s: %d bytes in %.3f s, %.0f MB/s, digests %s%n",
          result.path(),
          result.bytes(),
          result.nanos() / 1e9,
          result.megabytesPerSecond(),
          result.digestsEqual() ? "equal" : "DIFFERENT");
      if (!result.digestsEqual()) {
        throw new IOException("the receiver's SHA-256 is not the sender's");
      }
    }
  }
}
