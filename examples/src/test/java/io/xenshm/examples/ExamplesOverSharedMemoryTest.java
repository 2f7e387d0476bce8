package io.xenshm.examples;

import io.xenshm.netty.XenShmAddress;
import io.xenshm.xen.sim.SimulatedHost;
import io.xenshm.xen.sim.SimulatedHostConfig;
import io.xenshm.xen.sim.SimulatedXen;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class ExamplesOverSharedMemoryTest extends ExamplesScenarios {
  private static final int SERVER_DOMAIN = 1;
  private static final int CLIENT_DOMAIN = 2;

  @TempDir private Path directory;
  private SimulatedHost host;
  private SimulatedXen server;
  private SimulatedXen client;

  @BeforeEach
  void startHost() throws IOException {
    Path hostDirectory = directory.resolve("host");
    host = SimulatedHost.start(SimulatedHostConfig.of(hostDirectory, 2));
    server = SimulatedXen.open(hostDirectory, SERVER_DOMAIN);
    client = SimulatedXen.open(hostDirectory, CLIENT_DOMAIN);
  }

  @AfterEach
  void stopHost() {
    client.close();
    server.close();
    host.close();
  }

  @Override
  Endpoint serverEndpoint() {
    return Endpoint.xenShm(server, new XenShmAddress(SERVER_DOMAIN, 0));
  }

  @Override
  Endpoint clientEndpoint(Endpoint bound) {
    return Endpoint.xenShm(client, new XenShmAddress(SERVER_DOMAIN, bound.address().getPort()));
  }

  @Override
  String path() {
    return "SHARED_MEMORY";
  }
}
