package io.xenshm.xen.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Event channels through a {@code /dev/xen/evtchn} of their own. */
final class LinuxEventChannels implements EventChannels {
  private final XenDevice device;
  private final Consumer<LinuxEventChannels> onClose;
  private final Set<Integer> bound = ConcurrentHashMap.newKeySet();
  private final Arena arena = Arena.ofShared();

  /** What is read from the device or written to it: one thread at a time does either. */
  private final MemorySegment row = arena.allocate(JAVA_INT, Evtchn.MAX_PORTS_PER_CALL);

  /** The domain was resumed since they were opened. */
  private volatile boolean outlived;

  private LinuxEventChannels(XenDevice device, Consumer<LinuxEventChannels> onClose) {
    this.device = device;
    this.onClose = onClose;
  }

  static LinuxEventChannels open(LinuxXenPaths paths, Consumer<LinuxEventChannels> onClose)
      throws XenException {
    return new LinuxEventChannels(
        XenDevice.open(paths, XenDeviceKind.EVTCHN, Posix.O_NONBLOCK), onClose);
  }

  @Override
  public int fileDescriptor() {
    return device.descriptor();
  }

  @Override
  public int bindUnbound(int remoteDomainId) throws XenException {
    DomainIds.check(remoteDomainId);
    try {
      return remember(Evtchn.bindUnbound(device, remoteDomainId));
    } catch (PosixException e) {
      throw bindingFailed("allocate a port for domain " + remoteDomainId, remoteDomainId, e);
    }
  }

  @Override
  public int bindInterdomain(int remoteDomainId, int remotePort) throws XenException {
    DomainIds.check(remoteDomainId);
    try {
      return remember(Evtchn.bindInterdomain(device, remoteDomainId, remotePort));
    } catch (PosixException e) {
      String operation = "bind a port to port " + remotePort + " of domain " + remoteDomainId;
      if (e.errno() == Posix.EINVAL) {
        throw new XenException(
            failed(operation)
                + "that port is not waiting for this domain (it was closed, is bound"
                + " already, or is another domain's)",
            e);
      }
      throw bindingFailed(operation, remoteDomainId, e);
    }
  }

  private int remember(int port) {
    bound.add(port);
    return port;
  }

  private XenException bindingFailed(String operation, int domainId, PosixException e) {
    return switch (e.errno()) {
      case Posix.ESRCH ->
          new XenException(
              failed(operation) + "there is no domain " + domainId + " on this host", e);
      case Posix.ENOSPC, Posix.ENOMEM ->
          new XenLimitException(
              failed(operation)
                  + "this guest has no event channel left ("
                  + bound.size()
                  + " are bound here); the limit is max_event_channels in the guest's configuration"
                  + " in dom0 (xl.cfg), 1023 where it is not set");
      default -> new XenException(failed(operation) + e.getMessage(), e);
    };
  }

  private String failed(String operation) {
    return "cannot " + operation + " (" + device.path() + "): ";
  }

  @Override
  public void notify(int port) throws XenException {
    try {
      Evtchn.notify(device, port);
    } catch (PosixException e) {
      throw notBound("send an event through port " + port, port, e);
    }
  }

  @Override
  public int poll(int[] ports) throws XenException {
    int most = Math.min(ports.length, Evtchn.MAX_PORTS_PER_CALL);
    try {
      int bytes = device.read(row.asSlice(0, 4L * most));
      int count = Math.max(0, bytes) / 4;
      MemorySegment.copy(row, JAVA_INT, 0, ports, 0, count);
      return count;
    } catch (PosixException e) {
      if (e.errno() == Posix.EINTR) {
        return 0;
      }
      if (e.errno() == Posix.EFBIG) {
        throw new XenException(
            failed("receive events")
                + "more came than the kernel has room for, and some are lost; close these event"
                + " channels and open new ones",
            e);
      }
      throw new XenException(failed("receive events") + e.getMessage(), e);
    }
  }

  @Override
  public void unmask(int[] ports, int count) throws XenException {
    device.requireOpen();
    try {
      int done = 0;
      while (done < count) {
        int now = Math.min(count - done, Evtchn.MAX_PORTS_PER_CALL);
        MemorySegment.copy(ports, done, row, JAVA_INT, 0, now);
        // The kernel takes all of them, and passes over those that are not bound.
        device.write(row.asSlice(0, 4L * now));
        done += now;
      }
    } catch (PosixException e) {
      throw new XenException(failed("unmask " + count + " ports") + e.getMessage(), e);
    }
  }

  /**
   * The domain was suspended and resumed: the ports are void, and the kernel has forgotten them
   * (drivers/xen/events/events_base.c, {@code xen_irq_resume}). To unbind one, or to close the
   * device that has one, is a BUG then (drivers/xen/evtchn.c, {@code evtchn_unbind_from_user}: it
   * looks for the port's interrupt, which is not there). So neither is done, and the descriptor
   * stays open until the process ends. May be called from any thread.
   */
  void outlived() {
    outlived = true;
  }

  @Override
  public void unbind(int port) throws XenException {
    if (outlived) {
      bound.remove(port);
      return;
    }
    try {
      Evtchn.unbind(device, port);
      bound.remove(port);
    } catch (PosixException e) {
      throw notBound("unbind port " + port, port, e);
    }
  }

  private XenException notBound(String operation, int port, PosixException e) {
    if (e.errno() == Posix.ENOTCONN || e.errno() == Posix.EINVAL) {
      return new XenException(failed(operation) + "port " + port + " is not bound here", e);
    }
    return new XenException(failed(operation) + e.getMessage(), e);
  }

  boolean isBound(int port) {
    return bound.contains(port);
  }

  @Override
  public void close() {
    if (!arena.scope().isAlive()) {
      return;
    }
    onClose.accept(this);
    bound.clear();
    if (!outlived) {
      device.close();
    }
    arena.close();
  }
}
