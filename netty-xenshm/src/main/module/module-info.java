/** A Netty transport over Xen shared memory. */
@SuppressWarnings("module") // the modules that see more of this one are built after it
module io.xenshm {
  requires transitive io.netty.buffer;
  requires transitive io.netty.common;
  requires transitive io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires org.agrona;

  exports io.xenshm.netty;
  exports io.xenshm.xen;
  exports io.xenshm.directory to
      io.xenshm.agent,
      io.xenshm.cli;
  exports io.xenshm.posix to
      io.xenshm.sim;
  exports io.xenshm.xen.linux to
      io.xenshm.cli;
  exports io.xenshm.xenstore to
      io.xenshm.cli,
      io.xenshm.sim;

  uses io.xenshm.xen.XenProvider;

  provides io.xenshm.xen.XenProvider with
      io.xenshm.xen.linux.LinuxXenProvider;
}
