package io.xenshm.xenstore;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The client against the real daemon in OCaml, which runs without Xen. */
final class OxenstoredTest extends AbstractDaemonTest {
  @TempDir private static Path directory;
  private static Oxenstored daemon;

  @BeforeAll
  @SuppressWarnings("SystemOut") // a skipped test says why
  static void start() throws InterruptedException {
    try {
      daemon = Oxenstored.start(directory);
    } catch (IOException e) {
      String reason = "SKIPPED: oxenstored does not run here: " + e.getMessage();
      System.out.println(reason);
      Assumptions.abort(reason);
    }
  }

  @AfterAll
  static void stop() {
    if (daemon != null) {
      daemon.close();
    }
  }

  @Override
  String unknownTransaction() {
    return "EIO";
  }

  @Override
  XenStoreEndpoint endpoint() {
    return daemon.endpoint();
  }
}
