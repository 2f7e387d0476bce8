package io.xenshm.sim;

import io.xenshm.xen.AgentProvider;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ServiceLoader;

/** The agent of a simulated host, with dom0's connection of its own. */
final class SimulatedAgent implements AutoCloseable {
  private final XenStore dom0;
  private final AgentProvider.Agent agent;

  private SimulatedAgent(XenStore dom0, AgentProvider.Agent agent) {
    this.dom0 = dom0;
    this.agent = agent;
  }

  static SimulatedAgent start(Path dom0Socket) throws IOException {
    AgentProvider provider =
        ServiceLoader.load(AgentProvider.class, AgentProvider.class.getClassLoader())
            .findFirst()
            .orElseThrow(
                () ->
                    new XenException(
                        "no agent for the simulated host's dom0: add the artifact"
                            + " io.xenshm:netty-xenshm-agent to the class path, or start the host"
                            + " without an agent"));
    XenStore dom0 = XenStoreClient.connect(XenStoreEndpoint.unixSocket(dom0Socket));
    try {
      return new SimulatedAgent(dom0, provider.start(dom0));
    } catch (IOException | RuntimeException e) {
      dom0.close();
      throw e;
    }
  }

  @Override
  public void close() {
    agent.close();
    dom0.close();
  }
}
