package io.xenshm.xen.linux;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open device file. Calls and {@link #close} may come from any threads at any time: the
 * descriptor is closed when the last call that is under way has returned, so that none meets
 * another file's descriptor of the same number.
 */
final class XenDevice implements AutoCloseable {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final Path path;
  private final int descriptor;

  /** Number of calls under way, plus {@link #CLOSED} once it is to be closed. */
  private final AtomicInteger users = new AtomicInteger();

  private XenDevice(Path path, int descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /**
   * Opens a device for reading and writing.
   *
   * @param flags further {@code Posix.O_…}
   */
  static XenDevice open(LinuxXenPaths paths, XenDeviceKind kind, int flags) throws XenException {
    Path path = paths.device(kind);
    try {
      return new XenDevice(
          path, Posix.open(path.toString(), Posix.O_RDWR | Posix.O_CLOEXEC | flags));
    } catch (PosixException e) {
      throw cannotOpen(paths, kind, e);
    }
  }

  /** Says why a device cannot be opened, and what to do. */
  static XenException cannotOpen(LinuxXenPaths paths, XenDeviceKind kind, PosixException e) {
    return new XenException(
        "cannot open " + paths.device(kind) + ": " + reason(kind, e.errno(), e.getMessage()), e);
  }

  static String reason(XenDeviceKind kind, int errno, String text) {
    return switch (errno) {
      case Posix.ENOENT, Posix.ENODEV, Posix.ENXIO ->
          "there is no such device; " + kind.remedyWhereMissing();
      case Posix.EACCES, Posix.EPERM ->
          "no permission; give the devices to a group that this process is in (`xenshm doctor`"
              + " writes the udev rule for it), or run as root";
      default -> text;
    };
  }

  Path path() {
    return path;
  }

  int descriptor() {
    return descriptor;
  }

  int ioctl(long request, MemorySegment argument) throws PosixException, XenException {
    enter();
    try {
      return Posix.ioctl(descriptor, request, argument);
    } finally {
      leave();
    }
  }

  MemorySegment mmap(long length, long offset) throws PosixException, XenException {
    enter();
    try {
      return Posix.mmap(descriptor, length, offset);
    } finally {
      leave();
    }
  }

  /** Returns -1 where a non-blocking device has nothing to read. */
  int read(MemorySegment buffer) throws PosixException, XenException {
    enter();
    try {
      return Posix.tryRead(descriptor, buffer);
    } finally {
      leave();
    }
  }

  int write(MemorySegment buffer) throws PosixException, XenException {
    enter();
    try {
      return Posix.write(descriptor, buffer);
    } finally {
      leave();
    }
  }

  void requireOpen() throws XenException {
    enter();
    leave();
  }

  private void enter() throws XenException {
    if (users.incrementAndGet() < 0) {
      leave();
      throw new XenException(path + " was closed by this process");
    }
  }

  private void leave() {
    if (users.decrementAndGet() == CLOSED) {
      closeDescriptor();
    }
  }

  @Override
  public void close() {
    int before = users.getAndUpdate(count -> count < 0 ? count : count + CLOSED);
    if (before == 0) {
      closeDescriptor();
    }
  }

  private void closeDescriptor() {
    // A late call may bring the count to CLOSED a second time; the descriptor is closed once.
    if (users.compareAndSet(CLOSED, CLOSED + Integer.MAX_VALUE / 2)) {
      try {
        Posix.close(descriptor);
      } catch (PosixException e) {
        throw new IllegalStateException("closing " + path, e);
      }
    }
  }
}
