package io.xenshm.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.echo.EchoClient;
import io.xenshm.examples.echo.EchoResult;
import io.xenshm.examples.echo.EchoServer;
import io.xenshm.examples.transfer.FileReceiver;
import io.xenshm.examples.transfer.FileSender;
import io.xenshm.examples.transfer.SampleFile;
import io.xenshm.examples.transfer.TransferResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What both examples do on whatever transport. */
@Timeout(60)
abstract class ExamplesScenarios {
  private static final int ROUND_TRIPS = 500;
  private static final long SEED = 7;

  /** Returns where a server binds. */
  abstract Endpoint serverEndpoint() throws Exception;

  /** Returns how a client reaches what was bound. */
  abstract Endpoint clientEndpoint(Endpoint bound) throws Exception;

  /** Returns an endpoint where nobody listens. */
  abstract Endpoint nobody() throws Exception;

  /** Returns the path that the channels must report. */
  abstract String path();

  @Test
  void echoComesBack() throws Exception {
    try (Server server = EchoServer.start(serverEndpoint())) {
      EchoResult result = EchoClient.run(clientEndpoint(server.endpoint()), ROUND_TRIPS);
      assertEquals(path(), result.path());
      assertEquals(ROUND_TRIPS, result.roundTrips());
      assertTrue(result.medianNanos() > 0);
    }
  }

  @Test
  void fileArrivesWithEqualDigests() throws Exception {
    for (long size : new long[] {1, 65_536, 10_000_019}) {
      fileArrivesWithEqualDigests(size);
    }
  }

  private void fileArrivesWithEqualDigests(long size) throws Exception {
    BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    AtomicLong progress = new AtomicLong();
    try (Server server = FileReceiver.start(serverEndpoint(), reports::add);
        FileSender sender = new FileSender(clientEndpoint(server.endpoint()));
        SampleFile file = SampleFile.create(size, SEED)) {
      TransferResult result = sender.send(file, progress::set);
      assertEquals(path(), result.path());
      assertEquals(size, result.bytes());
      assertTrue(result.digestsEqual());
      assertEquals(size, progress.get());
      assertEquals(size + " bytes, digests equal", reports.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void fileThatChangedOnTheWayIsFound() throws Exception {
    BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    try (Server server = FileReceiver.start(serverEndpoint(), reports::add);
        FileSender sender = new FileSender(clientEndpoint(server.endpoint()));
        SampleFile file = SampleFile.create(100_000, SEED)) {
      byte[] content = Files.readAllBytes(file.path());
      content[50_000] ^= 1;
      Files.write(file.path(), content);
      assertEquals(false, sender.send(file, done -> {}).digestsEqual());
      assertEquals("100000 bytes, digests DIFFERENT", reports.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void connectingToNobodyFailsWithAMessageThatNamesTheAddress() throws Exception {
    IOException failure = assertThrows(IOException.class, () -> EchoClient.run(nobody(), 1));
    String port = Integer.toString(nobody().address().getPort());
    assertTrue(failure.getMessage().contains(port), failure.getMessage());
  }
}
