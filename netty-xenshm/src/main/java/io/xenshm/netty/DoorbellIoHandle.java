package io.xenshm.netty;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
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

  DoorbellIoHandle(Doorbells doorbells) {
    this.doorbells = doorbells;
    this.descriptor = new FileDescriptor(doorbells.fileDescriptor());
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
