/** A Xen host, simulated on one Linux machine. */
module io.xenshm.sim {
  requires transitive io.xenshm;
  requires io.netty.codec;

  exports io.xenshm.sim;
  exports io.xenshm.sim.xenstore;

  uses io.xenshm.xen.AgentProvider;

  provides io.xenshm.xen.XenProvider with
      io.xenshm.sim.SimulatedXenProvider;
}
