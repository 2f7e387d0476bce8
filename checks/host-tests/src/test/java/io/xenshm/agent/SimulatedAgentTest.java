package io.xenshm.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.xenshm.directory.PeerTable;
import io.xenshm.sim.Await;
import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.XenStore;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent against the simulated daemons. */
final class SimulatedAgentTest {

  @Nested
  final class InC extends Simulated {
    InC() {
      super(XenStoreFlavour.C);
    }
  }

  @Nested
  final class InOcaml extends Simulated {
    InOcaml() {
      super(XenStoreFlavour.OCAML);
    }
  }

  abstract static class Simulated extends AgentScenarios {
    @TempDir private Path directory;
    private final XenStoreFlavour flavour;
    private SimXenStore daemon;

    Simulated(XenStoreFlavour flavour) {
      this.flavour = flavour;
    }

    @Override
    XenStoreEndpoint endpoint() throws Exception {
      daemon = SimXenStore.start(directory, flavour);
      return XenStoreEndpoint.unixSocket(SimXenStore.socketPath(directory, 0));
    }

    @AfterEach
    void stopDaemon() {
      daemon.close();
    }

    @Test
    void theViewsComeBackAfterARestartOfXenStore() throws Exception {
      host().load("xl.nodes");
      startAgent();
      Map<String, String> before = host().view(2);
      daemon.restart();
      try (XenStore other =
          XenStoreClient.connect(
              XenStoreEndpoint.unixSocket(SimXenStore.socketPath(directory, 0)))) {
        new HostNodes(other).load("xl.nodes");
        Await.until("the views", () -> before.equals(new HostNodes(other).view(2)));
      }
    }

    @Test
    void leavesNoWatchBehind() throws Exception {
      host().load("xl.nodes");
      startAgent();
      stopAgent();
      HostNodes.get(store().read("/local/domain/1/name"));
      assertEquals(0, daemon.watches(0));
      assertEquals(0, daemon.transactions(0));
    }

    /** A guest on oxenstored cannot list more than a frame: it sees all entries nevertheless. */
    @Test
    void aGuestReadsALargeTable() throws Exception {
      daemon.addDomain(1);
      host().addGuest(1, "reader", "fd00::1", "xenbr0");
      for (int id = 2; id <= 120; id++) {
        host()
            .addGuest(
                id,
                "guest-" + id,
                "fd00:1111:2222:3333:4444:5555:6666:" + Integer.toHexString(id),
                "xenbr0");
      }
      startAgent();
      try (XenStore guest =
          XenStoreClient.connect(
              XenStoreEndpoint.unixSocket(SimXenStore.socketPath(directory, 1)))) {
        PeerTable table = HostNodes.get(PeerTable.read(guest, 1)).orElseThrow();
        assertEquals(120, table.entries().size());
      }
    }
  }
}
