package io.xenshm.examples.frameworks;

import io.netty.buffer.PooledByteBufAllocator;
import io.xenshm.examples.Program;
import io.xenshm.examples.demo.Parent;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All examples' servers, those of streams with TLS and without, in a process of their own. */
final class AllServers {
  private AllServers() {}

  /**
   * Serves at an address, with the files of TLS in a directory. Prints {@code READY}, the example,
   * whether it encrypts and its port for each, and ends at the end of standard input.
   */
  public static void main(String[] args) {
    Program.run("servers", () -> serve(args[0], Tls.in(Path.of(args[1]))));
  }

  private static void serve(String host, Tls on) throws Exception {
    List<RunningServer> servers = new ArrayList<>();
    try {
      for (Example example : Example.ALL) {
        for (Tls tls : List.of(Tls.off(), on)) {
          servers.add(start(example, host, tls));
        }
      }
      for (Example example : Example.DATAGRAMS) {
        servers.add(start(example, host, Tls.off()));
      }
      System.out.println("READY");
      Parent.awaitEnd();
    } finally {
      servers.forEach(RunningServer::close);
    }
    reportLeaks();
    System.out.println("END");
  }

  private static RunningServer start(Example example, String host, Tls tls) throws Exception {
    RunningServer server = example.server().start(new InetSocketAddress(host, 0), tls);
    System.out.printf("READY %s %s %d%n", example, tls.isOn(), server.port());
    return server;
  }

  /** Netty's detector reports, on standard error, at an allocation after a collection. */
  private static void reportLeaks() {
    for (int i = 0; i < 2; i++) {
      System.gc();
      PooledByteBufAllocator.DEFAULT.buffer().release();
    }
  }
}
