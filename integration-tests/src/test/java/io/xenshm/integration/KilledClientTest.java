package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.Server;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.transfer.FileReceiver;
import io.xenshm.integration.Site.Holdings;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class KilledClientTest {
  private static final String SMALL = "1000000";
  private static final String LARGE = "20000000";

  private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();

  @Test
  void serverReportsTheLossAndServesTheNextClientWithNothingLeftBehind() throws Exception {
    try (Site site = Site.startWithQuickFrees();
        Server server =
            FileReceiver.start(Endpoint.xenShm(site.open(Site.SERVER), Site.FILES), reports::add)) {
      sendSmallFile(site, server);
      final Holdings before = site.holdingsWithoutConnection();

      ChildJvm client =
          site.startProcess(
              "client",
              ClientProcess.class,
              Site.CLIENT,
              Site.FILES.toString(),
              LARGE,
              ClientProcess.STOP);
      client.awaitLine("STOPPED", Site.PATIENCE);
      client.kill();
      String report = nextReport();
      assertTrue(report.startsWith("lost after ") && report.contains(LARGE), report);

      sendSmallFile(site, server);
      Await.equal(before, site::holdings);
    }
  }

  private void sendSmallFile(Site site, Server server) throws Exception {
    ChildJvm client =
        site.startProcess(
            "client", ClientProcess.class, Site.CLIENT, server.endpoint().toString(), SMALL);
    assertEquals(SMALL, client.awaitLine("SENT", Site.PATIENCE));
    assertEquals(0, client.awaitExit(Site.PATIENCE), client.errors().toString());
    assertEquals(SMALL + " bytes, digests equal", nextReport());
  }

  private String nextReport() throws InterruptedException {
    return reports.poll(Site.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }
}
