/** A Netty transport over Xen shared memory. */
module io.xenshm {
  requires transitive io.netty.buffer;
  requires transitive io.netty.common;
  requires transitive io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires io.netty.codec;
  requires org.agrona;
  requires static info.picocli;

  exports io.xenshm.netty;
  exports io.xenshm.xen;
  exports io.xenshm.xen.sim;
  exports io.xenshm.xen.sim.xenstore;

  uses io.xenshm.xen.AgentProvider;
  uses io.xenshm.xen.XenProvider;

  provides io.xenshm.xen.AgentProvider with
      io.xenshm.directory.DirectoryAgentProvider;
  provides io.xenshm.xen.XenProvider with
      io.xenshm.xen.linux.LinuxXenProvider,
      io.xenshm.xen.sim.SimulatedXenProvider;

  opens io.xenshm.cli to
      info.picocli;
}
