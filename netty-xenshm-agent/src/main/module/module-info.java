/** dom0's agent: tells each guest which guests share a network with it. */
module io.xenshm.agent {
  requires transitive io.xenshm;

  exports io.xenshm.agent;

  provides io.xenshm.xen.AgentProvider with
      io.xenshm.agent.DirectoryAgentProvider;
}
