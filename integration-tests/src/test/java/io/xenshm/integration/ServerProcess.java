package io.xenshm.integration;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Program;
import io.xenshm.examples.Server;
import io.xenshm.examples.demo.Parent;
import io.xenshm.examples.echo.EchoServer;
import io.xenshm.examples.transfer.FileReceiver;

/** An echo server and a receiver of files. Prints {@code READY}; ends with its parent. */
final class ServerProcess {

  private ServerProcess() {}

  /** Serves on two addresses, echo's first. */
  public static void main(String[] args) {
    Program.run(
        "server",
        () -> {
          try (Server echo = EchoServer.start(Endpoint.parse(args[0]));
              Server files = FileReceiver.start(Endpoint.parse(args[1]), report -> {})) {
            System.out.println("READY " + echo.endpoint() + " " + files.endpoint());
            Parent.awaitEnd();
          }
        });
  }
}
