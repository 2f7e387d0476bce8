package io.xenshm.containers;

import static io.xenshm.containers.ContainerSite.CLIENT;
import static io.xenshm.containers.ContainerSite.SERVER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.dns.DnsClient;
import io.xenshm.examples.dns.DnsServer;
import io.xenshm.examples.grpc.GrpcClient;
import io.xenshm.examples.grpc.GrpcServer;
import io.xenshm.examples.plain.PlainClient;
import io.xenshm.examples.plain.PlainServer;
import io.xenshm.examples.telemetry.TelemetryClient;
import io.xenshm.examples.telemetry.TelemetryServer;
import io.xenshm.examples.transfer.FileReceiver;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Guests of one host: each in a container, with an address of its own. */
@ExtendWith(EngineNeeded.class)
@Timeout(180)
class TwoGuestsTest {
  private static final int FILE_BYTES = 50_000_000;
  private static final String ONE_BY_SHARED_MEMORY = "PATH SHARED_MEMORY CO_RESIDENT 1";

  private static ContainerSite site;
  private static XenHostContainer host;

  @BeforeAll
  static void start() {
    site = new ContainerSite();
    host = site.host(SERVER, CLIENT);
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

  private List<String> call(Class<?> server, Class<?> client, int port) throws Exception {
    String address = host.address(SERVER) + ":" + port;
    site.server(host, SERVER, server, address);
    return site.guest(host, CLIENT, client, address).run();
  }

  @Test
  void linesAreAnsweredOverSharedMemory() throws Exception {
    assertEquals(
        List.of("DONE 200 lines answered", ONE_BY_SHARED_MEMORY),
        call(PlainServer.class, PlainClient.class, 8080));
  }

  @Test
  void aFileArrivesOverSharedMemoryAsItWasSent() throws Exception {
    String address = ContainerSite.files(host, SERVER);
    GuestContainer server = site.server(host, SERVER, FileReceiver.class, address);
    List<String> lines =
        site.guest(host, CLIENT, Transfer.class, address, Integer.toString(FILE_BYTES)).run();
    assertTrue(lines.contains("SENT " + FILE_BYTES + " equal"), lines::toString);
    assertTrue(lines.contains(ONE_BY_SHARED_MEMORY), lines::toString);
    assertEquals(
        "received: " + FILE_BYTES + " bytes, digests equal", server.awaitLine("received:"));
  }

  @Test
  void grpcCallsOfAllKindsGoOverSharedMemory() throws Exception {
    List<String> lines = call(GrpcServer.class, GrpcClient.class, 8080);
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("DONE ")), lines::toString);
    assertTrue(lines.contains(ONE_BY_SHARED_MEMORY), lines::toString);
  }

  @Test
  void datagramsGoOverSharedMemory() throws Exception {
    List<String> names = call(DnsServer.class, DnsClient.class, 5353);
    assertEquals(List.of("DONE 1000 names resolved", ONE_BY_SHARED_MEMORY), names);
  }

  @Test
  void manySmallDatagramsGoOverSharedMemory() throws Exception {
    List<String> counted = call(TelemetryServer.class, TelemetryClient.class, 8125);
    assertTrue(counted.get(0).startsWith("DONE 20000 packets sent"), counted::toString);
    assertTrue(counted.contains(ONE_BY_SHARED_MEMORY), counted::toString);
  }

  @Test
  void guestsWithLittleMemoryAndHalfAProcessorExchangeAFileThatIsLarger() throws Exception {
    String address = ContainerSite.files(host, SERVER);
    GuestContainer server =
        site.guest(host, SERVER, FileReceiver.class, address).withLimits(144, 0.5);
    server.start();
    server.awaitLine("READY");
    List<String> lines =
        site.guest(host, CLIENT, Transfer.class, address, Integer.toString(170_000_000))
            .withLimits(144, 0.5)
            .run();
    String[] jvm = lines.get(0).split(" ", -1);
    assertEquals("1", jvm[1], "processors that the guest sees");
    assertTrue(Long.parseLong(jvm[2]) < 100_000_000, "heap of a guest of 144 MB: " + jvm[2]);
    assertTrue(lines.contains("SENT 170000000 equal"), lines::toString);
    assertTrue(lines.contains(ONE_BY_SHARED_MEMORY), lines::toString);
  }
}
