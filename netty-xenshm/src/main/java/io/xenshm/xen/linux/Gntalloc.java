package io.xenshm.xen.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The requests of {@code /dev/xen/gntalloc} (include/uapi/xen/gntalloc.h).
 *
 * <pre>
 * struct ioctl_gntalloc_alloc_gref
 *   0       2       4             8               16
 *   +-------+-------+-------------+---------------+------------------------
 *   | domid | flags | count       | index (out)   | gref_ids[count] (out)
 *   +-------+-------+-------------+---------------+------------------------
 * struct ioctl_gntalloc_dealloc_gref
 *   0               8             12         16
 *   +---------------+-------------+----------+
 *   | index         | count       | (unused) |
 *   +---------------+-------------+----------+
 * struct ioctl_gntalloc_unmap_notify
 *   0               8             12                   16
 *   +---------------+-------------+--------------------+
 *   | index         | action      | event_channel_port |
 *   +---------------+-------------+--------------------+
 * </pre>
 *
 * An index is an offset in the device's file: of a page for {@code mmap}, of a byte in it for the
 * notification.
 */
final class Gntalloc {
  static final int CLEAR_BYTE = 1;
  static final int SEND_EVENT = 2;

  private static final long ALLOC_GREF = 0x184705;
  private static final int ALLOC_DOMAIN = 0;
  private static final int ALLOC_FLAGS = 2;
  private static final int ALLOC_COUNT = 4;
  private static final int ALLOC_INDEX = 8;
  private static final int ALLOC_REFERENCES = 16;
  private static final short WRITABLE = 1;

  private static final long DEALLOC_GREF = 0x104706;
  private static final int DEALLOC_INDEX = 0;
  private static final int DEALLOC_COUNT = 8;
  private static final int DEALLOC_SIZE = 16;

  private static final long SET_UNMAP_NOTIFY = 0x104707;
  private static final int NOTIFY_INDEX = 0;
  private static final int NOTIFY_ACTION = 8;
  private static final int NOTIFY_PORT = 12;
  private static final int NOTIFY_SIZE = 16;

  private Gntalloc() {}

  /**
   * Allocates and grants as many pages as there is room for references.
   *
   * @param references receives the grant references
   * @return the first page's index
   */
  static long allocate(XenDevice device, int domainId, int[] references)
      throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(ALLOC_REFERENCES + 4L * references.length, 8);
      request.set(JAVA_SHORT, ALLOC_DOMAIN, (short) domainId);
      request.set(JAVA_SHORT, ALLOC_FLAGS, WRITABLE);
      request.set(JAVA_INT, ALLOC_COUNT, references.length);
      device.ioctl(ALLOC_GREF, request);
      MemorySegment.copy(request, JAVA_INT, ALLOC_REFERENCES, references, 0, references.length);
      return request.get(JAVA_LONG, ALLOC_INDEX);
    }
  }

  static void deallocate(XenDevice device, long index, int count)
      throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(DEALLOC_SIZE, 8);
      request.set(JAVA_LONG, DEALLOC_INDEX, index);
      request.set(JAVA_INT, DEALLOC_COUNT, count);
      device.ioctl(DEALLOC_GREF, request);
    }
  }

  /** Sets what happens when the page of a byte goes away; the structure is gntdev's too. */
  static void setUnmapNotification(XenDevice device, long index, int actions, int port)
      throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(NOTIFY_SIZE, 8);
      request.set(JAVA_LONG, NOTIFY_INDEX, index);
      request.set(JAVA_INT, NOTIFY_ACTION, actions);
      request.set(JAVA_INT, NOTIFY_PORT, port);
      device.ioctl(SET_UNMAP_NOTIFY, request);
    }
  }
}
