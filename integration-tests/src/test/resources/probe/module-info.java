module probe {
  requires io.xenshm;
  requires io.netty.transport.epoll.linux.x86_64;
}
