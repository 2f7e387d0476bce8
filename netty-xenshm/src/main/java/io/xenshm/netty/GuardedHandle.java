package io.xenshm.netty;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;

/**
 * A handle of epoll's whose failure is the end of that handle. Netty's own event loop ends with an
 * Error that a channel does not catch, and with it all other connections.
 */
@SuppressWarnings("try") // close() throws what Netty's interface says
final class GuardedHandle implements EpollIoHandle {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(GuardedHandle.class);

  private final EpollIoHandle handle;
  private final ActiveHandles active;

  GuardedHandle(EpollIoHandle handle, ActiveHandles active) {
    this.handle = handle;
    this.active = active;
  }

  @Override
  public void handle(IoRegistration registration, IoEvent event) {
    try {
      handle.handle(registration, event);
    } catch (Throwable e) {
      if (e instanceof InternalError && !active.checkMemory()) {
        logger.debug("An access to shared memory failed, not of {}", handle, e);
      } else {
        logger.warn("{} failed and is closed", handle, e);
        end();
      }
    }
  }

  private void end() {
    try {
      handle.close();
    } catch (Throwable e) {
      logger.warn("{} could not be closed", handle, e);
    }
  }

  @Override
  public FileDescriptor fd() {
    return handle.fd();
  }

  @Override
  public void registered() {
    handle.registered();
  }

  @Override
  public void unregistered() {
    handle.unregistered();
  }

  @Override
  public void close() throws Exception {
    handle.close();
  }
}
