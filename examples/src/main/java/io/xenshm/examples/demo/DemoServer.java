package io.xenshm.examples.demo;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.Server;
import io.xenshm.examples.echo.EchoServer;
import io.xenshm.examples.transfer.FileReceiver;

/** The server process of the demo: both examples' servers. Ends with the demo. */
final class DemoServer {

  private DemoServer() {}

  /** Serves on two addresses, echo's first. */
  public static void main(String[] args) {
    Program.run(
        "demo server",
        () -> {
          try (Server echo = EchoServer.start(Endpoint.parse(args[0]));
              Server files = FileReceiver.start(Endpoint.parse(args[1]), report -> {})) {
            System.out.println("READY " + echo.endpoint() + " " + files.endpoint());
            Parent.awaitEnd();
          }
        });
  }
}
