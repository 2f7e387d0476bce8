module probe {
  requires io.xenshm;
  requires io.xenshm.sim;
  requires io.netty.transport.epoll.linux.x86_64;
}
