package io.xenshm.containers;

import static io.xenshm.containers.ContainerSite.CLIENT;
import static io.xenshm.containers.ContainerSite.SERVER;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.echo.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(EngineNeeded.class)
@Timeout(180)
class HostRestartTest {

  @Test
  void aLinkOutlivesItsHostAndNewConnectionsTakeTcpUntilTheHostIsBack() throws Exception {
    try (ContainerSite site = new ContainerSite()) {
      XenHostContainer host = site.host(SERVER, CLIENT);
      site.server(host, SERVER, EchoServer.class, ContainerSite.echo(host, SERVER));
      GuestContainer client =
          site.guest(
              host, CLIENT, Caller.class, host.address(SERVER) + ":" + ContainerSite.ECHO_PORT);
      client.start();
      client.awaitLine("KEPT SHARED_MEMORY CO_RESIDENT");
      client.awaitLine("NEW SHARED_MEMORY CO_RESIDENT");

      host.kill();
      client.awaitLine("NEW TCP XENSTORE_UNAVAILABLE");
      client.awaitLine("KEPT SHARED_MEMORY CO_RESIDENT");

      host.stop();
      host.start();
      client.awaitLine("NEW SHARED_MEMORY CO_RESIDENT");
      client.awaitLine("KEPT SHARED_MEMORY CO_RESIDENT");
      assertTrue(
          client.lines().stream().noneMatch(line -> line.startsWith("LOST kept")),
          () -> String.join("\n", client.lines()));
    }
  }
}
