package io.xenshm.containers;

import static io.xenshm.containers.ContainerSite.CLIENT;
import static io.xenshm.containers.ContainerSite.SERVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.echo.EchoServer;
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

/** A guest's container is killed, paused, or started again as another domain. */
@ExtendWith(EngineNeeded.class)
@Timeout(180)
class GuestFailuresTest {
  private static final int OTHER_SERVER = 3;
  private static final int OTHER_CLIENT = 4;
  private static final int RESTARTED = 5;
  private static final int ITS_NEXT_NUMBER = 9;
  private static final String LONG = "60000000";
  private static final String SHORT = "1000000";

  private static ContainerSite site;
  private static XenHostContainer host;

  @BeforeAll
  static void start() {
    site = new ContainerSite();
    host = site.host(SERVER, CLIENT, OTHER_SERVER, OTHER_CLIENT, RESTARTED);
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

  private GuestContainer transferInTheMiddle(String address) throws Exception {
    GuestContainer client =
        site.guest(host, CLIENT, Transfer.class, address, LONG, Transfer.SLOWLY);
    client.start();
    client.awaitLine("HALF");
    return client;
  }

  private void assertFileArrives(String address) throws Exception {
    List<String> lines = site.guest(host, OTHER_CLIENT, Transfer.class, address, SHORT).run();
    assertTrue(lines.contains("SENT " + SHORT + " equal"), lines::toString);
    assertTrue(lines.contains("PATH SHARED_MEMORY CO_RESIDENT 1"), lines::toString);
  }

  @Test
  void aServerKilledInMidTransferIsReportedAndItsSuccessorServes() throws Exception {
    String address = ContainerSite.files(host, SERVER);
    GuestContainer server = site.server(host, SERVER, FileReceiver.class, address);
    GuestContainer client = transferInTheMiddle(address);
    server.kill();
    String loss = client.awaitLine("LOST");
    assertTrue(loss.contains("of " + LONG), loss);
    assertEquals(
        "PATH SHARED_MEMORY CO_RESIDENT 1", client.awaitLine("PATH"), "the path that was lost");

    server.stop();
    server.start();
    server.awaitLine("READY");
    assertFileArrives(address);
  }

  @Test
  void aClientKilledInMidTransferIsReportedAndTheNextOneIsServed() throws Exception {
    String address = ContainerSite.files(host, SERVER);
    GuestContainer server = site.server(host, SERVER, FileReceiver.class, address);
    GuestContainer client = transferInTheMiddle(address);
    client.kill();
    String report = server.awaitLine("received:");
    assertTrue(report.startsWith("received: lost after ") && report.contains(LONG), report);
    assertFileArrives(address);
  }

  @Test
  void aPausedServerStopsOnlyItsOwnPeerAndGoesOnWhereItWas() throws Exception {
    String address = ContainerSite.files(host, SERVER);
    GuestContainer server = site.server(host, SERVER, FileReceiver.class, address);
    GuestContainer client = transferInTheMiddle(address);
    server.pause();

    // which takes a few seconds
    String others = host.address(OTHER_SERVER) + ":8080";
    site.server(host, OTHER_SERVER, PlainServer.class, others);
    assertEquals(
        List.of("DONE 200 lines answered", "PATH SHARED_MEMORY CO_RESIDENT 1"),
        site.guest(host, OTHER_CLIENT, PlainClient.class, others).run());
    assertTrue(client.isRunning(), "the client waits for its server");

    server.resume();
    assertEquals("SENT " + LONG + " equal", client.awaitLine("SENT"));
    assertEquals("PATH SHARED_MEMORY CO_RESIDENT 1", client.awaitLine("PATH"));
  }

  @Test
  void aServerThatComesBackAsAnotherDomainIsFoundAtItsAddress() throws Exception {
    String address = host.address(RESTARTED);
    GuestContainer server =
        site.server(host, RESTARTED, EchoServer.class, ContainerSite.echo(host, RESTARTED));
    GuestContainer client =
        site.guest(host, CLIENT, Caller.class, address + ":" + ContainerSite.ECHO_PORT);
    client.start();
    client.awaitLine("KEPT SHARED_MEMORY CO_RESIDENT");

    server.kill();
    client.awaitLine("LOST kept");
    server.stop();
    host.destroyDomain(RESTARTED);
    host.createDomain(ITS_NEXT_NUMBER, address);
    site.server(host, ITS_NEXT_NUMBER, EchoServer.class, ContainerSite.echo(host, ITS_NEXT_NUMBER));
    // not the kept one: it may have come back by TCP a moment before the server announced itself
    client.awaitLine("NEW SHARED_MEMORY CO_RESIDENT");
  }
}
