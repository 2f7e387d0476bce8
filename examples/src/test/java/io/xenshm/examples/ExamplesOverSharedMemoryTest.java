package io.xenshm.examples;

import io.xenshm.netty.XenShmAddress;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class ExamplesOverSharedMemoryTest extends ExamplesScenarios {
  private static final int SERVER_DOMAIN = 1;
  private static final int CLIENT_DOMAIN = 2;
  private static final int UNUSED_PORT = 9;
  private static final long ROOM = 64L << 20;

  private SimulatedHost host;
  private SimulatedXen server;
  private SimulatedXen client;

  @BeforeEach
  void startHost() throws IOException {
    Path hostDirectory = TemporaryDirectories.inMemory("xenshm-test-", ROOM);
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
  Endpoint nobody() {
    return Endpoint.xenShm(client, new XenShmAddress(SERVER_DOMAIN, UNUSED_PORT));
  }

  @Override
  String path() {
    return "SHARED_MEMORY";
  }
}
