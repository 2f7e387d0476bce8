package io.xenshm.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.Endpoint;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.examples.transfer.FileSender;
import io.xenshm.examples.transfer.SampleFile;
import io.xenshm.examples.transfer.TransferResult;
import io.xenshm.integration.Site.Holdings;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class KilledServerTest {
  private static final int SMALL = 1_000_000;
  private static final int LARGE = 100_000_000;
  private static final long SEED = 5;

  /** What the project promises: a peer's death is noticed within this time. */
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(2);

  @Test
  void clientReportsTheLossAndReachesTheRestartedServerWithNothingLeftBehind() throws Exception {
    try (Site site = Site.startWithQuickFrees();
        FileSender sender = new FileSender(Endpoint.xenShm(site.open(Site.CLIENT), Site.FILES))) {
      ChildJvm server = site.startServer();
      sendSmallFile(sender);
      final Holdings before = site.holdingsWithoutConnection();

      AtomicLong killedAt = new AtomicLong();
      String loss = sendUntilServerIsKilled(sender, server, killedAt);
      Duration untilReported = Duration.ofNanos(System.nanoTime() - killedAt.get());
      assertTrue(loss.contains(Site.FILES.toString()) && loss.contains("of " + LARGE), loss);
      assertTrue(untilReported.compareTo(LONGEST_SILENCE) < 0, untilReported::toString);

      site.startServer();
      sendSmallFile(sender);
      Await.equal(before, site::holdings);
    }
  }

  private static void sendSmallFile(FileSender sender) throws IOException, InterruptedException {
    try (SampleFile file = SampleFile.create(SMALL, SEED)) {
      TransferResult result = sender.send(file, done -> {});
      assertTrue(result.digestsEqual());
      assertEquals("SHARED_MEMORY", result.path());
    }
  }

  private static String sendUntilServerIsKilled(
      FileSender sender, ChildJvm server, AtomicLong killedAt) throws IOException {
    try (SampleFile file = SampleFile.create(LARGE, SEED)) {
      return assertThrows(
              IOException.class,
              () ->
                  sender.send(
                      file,
                      done -> {
                        if (done > LARGE / 10 && killedAt.compareAndSet(0, System.nanoTime())) {
                          server.kill();
                        }
                      }))
          .getMessage();
    }
  }
}
