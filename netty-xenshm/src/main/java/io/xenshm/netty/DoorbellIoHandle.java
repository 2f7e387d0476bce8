package io.xenshm.netty;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandler;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.Doorbells;
import io.xenshm.xen.XenException;

/**
 * Lets epoll wait for an event loop's doorbells. The descriptor belongs to the {@link Doorbells}.
 */
final class DoorbellIoHandle implements EpollIoHandle {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(DoorbellIoHandle.class);

  private final Doorbells doorbells;
  private final FileDescriptor descriptor;
  private IoRegistration registration;

  DoorbellIoHandle(Doorbells doorbells) {
    this.doorbells = doorbells;
    this.descriptor = new FileDescriptor(doorbells.fileDescriptor());
  }

  void register(IoHandler epoll) {
    try {
      registration = epoll.register(this);
      registration.submit(EpollIoOps.EPOLLIN);
    } catch (Exception e) {
      throw new IllegalStateException("epoll does not take the event channels' descriptor", e);
    }
  }

  /** Has epoll wait for the descriptor no more, and closes it. */
  void end() {
    if (registration != null) {
      registration.cancel();
    }
    doorbells.close();
  }

  Doorbells doorbells() {
    return doorbells;
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  @Override
  public void handle(IoRegistration registration, IoEvent event) {
    dispatch();
  }

  void dispatch() {
    try {
      doorbells.dispatch();
    } catch (XenException e) {
      logger.warn("Event channels of an event loop failed; its links will not be woken", e);
    }
  }

  @Override
  public void close() {}
}
