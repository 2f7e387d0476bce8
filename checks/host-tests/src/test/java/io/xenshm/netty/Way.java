package io.xenshm.netty;

/** What a program that works over Netty's epoll transport is run over, to compare. */
enum Way {
  /** The reference. */
  EPOLL,
  TCP,
  SHARED_MEMORY;

  XenShmMode mode() {
    return this == TCP ? XenShmMode.OFF : XenShmMode.REQUIRED;
  }
}
