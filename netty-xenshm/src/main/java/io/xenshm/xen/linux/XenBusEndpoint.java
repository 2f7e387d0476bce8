package io.xenshm.xen.linux;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import io.xenshm.xenstore.XenStoreEndpoint;
import io.xenshm.xenstore.XenStoreProtocol;

/**
 * {@code /dev/xen/xenbus}: XenStore through the guest's kernel (drivers/xen/xenbus/
 * xenbus_dev_frontend.c). The kernel keeps its connection to the daemon for as long as it runs, so
 * there is none to lose here.
 */
final class XenBusEndpoint implements XenStoreEndpoint {
  /** The kernel's buffer for one request with its header ({@code XENSTORE_PAYLOAD_MAX}). */
  private static final int MAX_FRAME = 4096;

  private final LinuxXenPaths paths;

  XenBusEndpoint(LinuxXenPaths paths) {
    this.paths = paths;
  }

  @Override
  public int open() throws XenException {
    try {
      return Posix.open(name(), Posix.O_RDWR | Posix.O_CLOEXEC);
    } catch (PosixException e) {
      throw XenDevice.cannotOpen(paths, XenDeviceKind.XENBUS, e);
    }
  }

  @Override
  public int maxFrame() {
    return MAX_FRAME;
  }

  @Override
  public int maxReplyPayload() {
    return XenStoreProtocol.MAX_PAYLOAD;
  }

  @Override
  public boolean reconnect() {
    return false;
  }

  /**
   * Two reasons, both in xenbus_dev_frontend.c (seen on Linux 6.1), and both for a file alone:
   *
   * <ul>
   *   <li>A written request stays in the file's one buffer until the kernel's thread copies it to
   *       the daemon. A second one that is written before overwrites the first one's payload.
   *   <li>A write of WATCH or UNWATCH keeps the file's {@code msgbuffer_mutex} until the daemon
   *       answered. The kernel's thread wants that mutex to hand over the answer to an earlier
   *       request of the file. Where both meet, XenStore hangs for the whole guest.
   * </ul>
   */
  @Override
  public int maxOutstanding() {
    return 1;
  }

  @Override
  public String name() {
    return paths.device(XenDeviceKind.XENBUS).toString();
  }
}
