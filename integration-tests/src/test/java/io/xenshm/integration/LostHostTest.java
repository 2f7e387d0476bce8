package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.EventLoopGroup;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.Server;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.echo.EchoServer;
import io.xenshm.xen.sim.SimulatedXen;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LostHostTest {
  @TempDir private Path directory;

  @Test
  void connectionsGoOnAndNewOnesFailWithAMessageThatNamesXenStore() throws Exception {
    Path hostDirectory = directory.resolve("host");
    try (ChildJvm host =
        ChildJvm.start(
            "host", HostProcess.class, Map.of(), Map.of(), List.of(hostDirectory.toString()))) {
      host.awaitLine("READY", Site.PATIENCE);
      try (SimulatedXen serverXen = SimulatedXen.open(hostDirectory, Site.SERVER);
          SimulatedXen clientXen = SimulatedXen.open(hostDirectory, Site.CLIENT);
          Server server = EchoServer.start(Endpoint.xenShm(serverXen, Site.ECHO))) {
        connectBeforeAndAfter(host, Endpoint.xenShm(clientXen, Site.ECHO));
        assertTrue(server.endpoint().address().equals(Site.ECHO));
      }
    }
  }

  private static void connectBeforeAndAfter(ChildJvm host, Endpoint server) throws Exception {
    EventLoopGroup group = server.newEventLoopGroup();
    try {
      EchoConnection connection = EchoConnection.open(group, server);
      connection.roundTrip();

      host.kill();
      host.awaitExit(Site.PATIENCE);

      for (int i = 0; i < 100; i++) {
        connection.roundTrip();
      }
      IOException failure =
          assertThrows(IOException.class, () -> EchoConnection.open(group, server));
      assertTrue(failure.getMessage().contains("XenStore"), failure.getMessage());
      connection.roundTrip();
      connection.close();
    } finally {
      EventLoops.shutDown(group);
    }
  }
}
