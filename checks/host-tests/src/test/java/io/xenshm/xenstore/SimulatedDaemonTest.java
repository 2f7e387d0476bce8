package io.xenshm.xenstore;

import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** What holds for the real daemon holds for the simulated ones. */
final class SimulatedDaemonTest {

  @Nested
  final class InC extends Simulated {
    @Override
    XenStoreFlavour flavour() {
      return XenStoreFlavour.C;
    }

    @Override
    String unknownTransaction() {
      return "ENOENT";
    }
  }

  @Nested
  final class InOcaml extends Simulated {
    @Override
    XenStoreFlavour flavour() {
      return XenStoreFlavour.OCAML;
    }

    @Override
    String unknownTransaction() {
      return "EIO";
    }
  }

  abstract static class Simulated extends AbstractDaemonTest {
    @TempDir private Path directory;
    private SimXenStore daemon;

    abstract XenStoreFlavour flavour();

    @Override
    @BeforeEach
    void connect() throws Exception {
      start();
      super.connect();
    }

    private void start() throws IOException {
      daemon = SimXenStore.start(directory, flavour());
    }

    @Override
    @AfterEach
    void close() {
      super.close();
      daemon.close();
    }

    @Override
    XenStoreEndpoint endpoint() {
      return XenStoreEndpoint.unixSocket(SimXenStore.socketPath(directory, 0));
    }
  }
}
