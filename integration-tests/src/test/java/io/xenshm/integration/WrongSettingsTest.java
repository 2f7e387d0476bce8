package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.EventLoopGroup;
import io.xenshm.examples.Endpoint;
import io.xenshm.examples.EventLoops;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.echo.EchoClient;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.netty.XenShmChannelOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings that cannot work end with a line that names them. */
@Timeout(120)
class WrongSettingsTest {
  private static final int NO_SUCH_DOMAIN = 77;

  @TempDir private Path directory;

  @Test
  void unknownBackEnd() throws Exception {
    assertRefused(Map.of("XENSHM_XEN", "nonsense"), "nonsense");
  }

  @Test
  void directoryThatIsNoHost() throws Exception {
    Path other = Files.createDirectory(directory.resolve("other"));
    assertRefused(Site.environment(other, Site.CLIENT), other.toString());
  }

  @Test
  void directoryThatIsMissing() throws Exception {
    Path missing = directory.resolve("missing");
    assertRefused(Site.environment(missing, Site.CLIENT), missing.toString());
  }

  @Test
  void processInADomainThatTheHostDoesNotHave() throws Exception {
    try (Site site = Site.start()) {
      assertRefused(Site.environment(site.directory(), NO_SUCH_DOMAIN), "domain " + NO_SUCH_DOMAIN);
      assertTrue(site.holdings().withoutConnection());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "40000"})
  void processInADomainWithNoPossibleNumber(String number) throws Exception {
    try (Site site = Site.start()) {
      assertRefused(
          Map.of("XENSHM_XEN", "sim:" + site.directory(), "XENSHM_SIM_DOMID", number), number);
      assertTrue(site.holdings().withoutConnection());
    }
  }

  @Test
  void connectToADomainThatTheHostDoesNotHave() throws Exception {
    try (Site site = Site.start()) {
      Endpoint nobody =
          Endpoint.xenShm(
              site.open(Site.CLIENT), new XenShmAddress(NO_SUCH_DOMAIN, Site.ECHO.getPort()));
      IOException failure = assertThrows(IOException.class, () -> EchoClient.run(nobody, 1));
      assertTrue(failure.getMessage().contains("domain " + NO_SUCH_DOMAIN), failure.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2048, 5000, 2 << 20})
  void ringOfAnImpossibleSize(int size) throws Exception {
    try (Site site = Site.start()) {
      Endpoint server = Endpoint.xenShm(site.open(Site.CLIENT), Site.ECHO);
      EventLoopGroup group = server.newEventLoopGroup();
      try {
        Bootstrap bootstrap = new Bootstrap().option(XenShmChannelOption.XENSHM_RING_SIZE, size);
        Exception failure =
            assertThrows(Exception.class, () -> EchoConnection.open(group, server, bootstrap));
        assertTrue(failure.getMessage().contains(Integer.toString(size)), failure.getMessage());
        assertTrue(failure.getMessage().contains("4096"), failure.getMessage());
      } finally {
        EventLoops.shutDown(group);
      }
    }
  }

  private static void assertRefused(Map<String, String> environment, String named)
      throws Exception {
    try (ChildJvm client =
        ChildJvm.start(
            "client", EchoClient.class, environment, Map.of(), List.of(Site.ECHO.toString()))) {
      assertEquals(2, client.awaitExit(Site.PATIENCE), client.errors().toString());
      assertEquals(1, client.errors().size(), client.errors().toString());
      String line = client.errors().get(0);
      assertTrue(line.contains(named), line);
    }
  }
}
