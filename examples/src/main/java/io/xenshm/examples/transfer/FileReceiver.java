package io.xenshm.examples.transfer;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.Server;
import io.xenshm.examples.UsageException;
import java.util.function.Consumer;

/**
 * Receives files, verifies them and drops them: {@code FileReceiver xen:1:4712} or {@code
 * FileReceiver tcp:127.0.0.1:4712}.
 */
public final class FileReceiver {

  private FileReceiver() {}

  /**
   * Starts the server.
   *
   * @param report is told, on the event loop, how each transfer ended
   * @throws Exception if the address cannot be bound
   */
  public static Server start(Endpoint endpoint, Consumer<String> report) throws Exception {
    return Server.start(
        endpoint,
        new ChannelInitializer<Channel>() {
          @Override
          protected void initChannel(Channel channel) {
            channel
                .pipeline()
                .addLast(new TransferHeaderDecoder())
                .addLast(new FileReceiverHandler(report));
          }
        });
  }

  /** Serves until the process is ended. Prints {@code READY} and the address once it does. */
  public static void main(String[] args) {
    Program.run(
        "FileReceiver",
        () -> {
          if (args.length != 1) {
            throw new UsageException(
                "use FileReceiver ADDRESS, for example FileReceiver xen:1:4712");
          }
          Consumer<String> report = line -> System.out.println("received: " + line);
          try (Server server = start(Endpoint.parse(args[0]), report)) {
            server.serve();
          }
        });
  }
}
