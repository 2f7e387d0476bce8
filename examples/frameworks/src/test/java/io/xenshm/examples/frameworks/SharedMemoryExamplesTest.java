package io.xenshm.examples.frameworks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.examples.demo.DemoDirectory;
import io.xenshm.netty.XenShm;
import io.xenshm.netty.XenShmPathReason;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;

/** This process is domain 2 of a simulated host, for as long as it runs. */
class SharedMemoryExamplesTest extends ExampleScenarios {
  private static final int SERVER_DOMAIN = 1;
  private static final int CLIENT_DOMAIN = 2;

  private DemoDirectory directory;
  private SimulatedHost host;

  @Override
  Map<String, String> prepare() throws IOException {
    directory = DemoDirectory.create("xenshm-example-", 0);
    host = SimulatedHost.start(SimulatedHostConfig.of(directory.host(), 2));
    properties(CLIENT_DOMAIN).forEach(System::setProperty);
    assertTrue(
        XenShm.isAvailable(), "this process began without Xen: run this test in another one");
    return properties(SERVER_DOMAIN);
  }

  private Map<String, String> properties(int domain) {
    return Map.of(
        "xenshm.xen", "sim:" + directory.host(), "xenshm.sim.domid", Integer.toString(domain));
  }

  @AfterAll
  void stopHost() throws IOException {
    host.close();
    directory.close();
  }

  @Override
  XenShmPathReason reason() {
    return XenShmPathReason.CO_RESIDENT;
  }
}
