package io.xenshm.containers;

import static io.xenshm.containers.ContainerSite.CLIENT;
import static io.xenshm.containers.ContainerSite.SERVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.dns.DnsClient;
import io.xenshm.examples.dns.DnsServer;
import io.xenshm.examples.plain.PlainClient;
import io.xenshm.examples.plain.PlainServer;
import io.xenshm.examples.transfer.FileReceiver;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Guests of two hosts on one network. */
@ExtendWith(EngineNeeded.class)
@Timeout(180)
class OtherHostTest {
  private static final int FILE_BYTES = 20_000_000;

  private static ContainerSite site;
  private static XenHostContainer serversHost;
  private static XenHostContainer clientsHost;

  @BeforeAll
  static void start() {
    site = new ContainerSite();
    serversHost = site.host(SERVER);
    clientsHost = site.host(CLIENT);
  }

  @AfterEach
  void endGuests() {
    site.endGuests();
  }

  @AfterAll
  static void stop() {
    if (site != null) {
      site.close();
    }
  }

  @Test
  void aGuestOfAnotherHostIsReachedByTcpAndTheReasonSaysSo() throws Exception {
    String address = serversHost.address(SERVER) + ":8080";
    site.server(serversHost, SERVER, PlainServer.class, address);
    assertEquals(
        List.of("DONE 200 lines answered", "PATH TCP NOT_CO_RESIDENT 1"),
        site.guest(clientsHost, CLIENT, PlainClient.class, address).run());
  }

  @Test
  void aFileGoesToAGuestOfAnotherHostByTcp() throws Exception {
    String address = ContainerSite.files(serversHost, SERVER);
    site.server(serversHost, SERVER, FileReceiver.class, address);
    List<String> lines =
        site.guest(clientsHost, CLIENT, Transfer.class, address, Integer.toString(FILE_BYTES))
            .run();
    assertTrue(lines.contains("SENT " + FILE_BYTES + " equal"), lines::toString);
    assertTrue(lines.contains("PATH TCP NOT_CO_RESIDENT 1"), lines::toString);
  }

  @Test
  void datagramsGoToAGuestOfAnotherHostByUdp() throws Exception {
    String address = serversHost.address(SERVER) + ":5353";
    site.server(serversHost, SERVER, DnsServer.class, address);
    assertEquals(
        List.of("DONE 1000 names resolved", "PATH TCP NOT_CO_RESIDENT 1"),
        site.guest(clientsHost, CLIENT, DnsClient.class, address).run());
  }
}
