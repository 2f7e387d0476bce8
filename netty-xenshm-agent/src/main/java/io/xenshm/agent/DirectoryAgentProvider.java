package io.xenshm.agent;

import io.xenshm.xen.AgentProvider;
import io.xenshm.xen.XenStore;
import java.io.IOException;

/** Starts the agent for whoever may not know this package. */
public final class DirectoryAgentProvider implements AgentProvider {
  @Override
  public Agent start(XenStore dom0) throws IOException {
    return DirectoryAgent.start(dom0, AgentConfig.DEFAULT);
  }
}
