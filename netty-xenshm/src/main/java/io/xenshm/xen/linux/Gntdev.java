package io.xenshm.xen.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The requests of {@code /dev/xen/gntdev} (include/uapi/xen/gntdev.h). The one for the unmap
 * notification has gntalloc's number and layout: {@link Gntalloc#setUnmapNotification}.
 *
 * <pre>
 * struct ioctl_gntdev_map_grant_ref
 *   0             4         8               16        20        24
 *   +-------------+---------+---------------+---------+---------+-----------
 *   | count       | (pad)   | index (out)   | domid   | ref     | domid …
 *   +-------------+---------+---------------+---------+---------+-----------
 * struct ioctl_gntdev_unmap_grant_ref
 *   0               8             12        16
 *   +---------------+-------------+---------+
 *   | index         | count       | (pad)   |
 *   +---------------+-------------+---------+
 * </pre>
 */
final class Gntdev {
  private static final long MAP_GRANT_REF = 0x184700;
  private static final int MAP_COUNT = 0;
  private static final int MAP_INDEX = 8;
  private static final int MAP_REFERENCES = 16;
  private static final int REFERENCE_SIZE = 8;
  private static final int REFERENCE_DOMAIN = 0;
  private static final int REFERENCE_NUMBER = 4;

  private static final long UNMAP_GRANT_REF = 0x104701;
  private static final int UNMAP_INDEX = 0;
  private static final int UNMAP_COUNT = 8;
  private static final int UNMAP_SIZE = 16;

  private Gntdev() {}

  /** Prepares a mapping; returns the offset to be given to {@code mmap}. */
  static long map(XenDevice device, int domainId, int[] references)
      throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request =
          arena.allocate(MAP_REFERENCES + (long) REFERENCE_SIZE * references.length, 8);
      request.set(JAVA_INT, MAP_COUNT, references.length);
      for (int i = 0; i < references.length; i++) {
        long reference = MAP_REFERENCES + (long) REFERENCE_SIZE * i;
        request.set(JAVA_INT, reference + REFERENCE_DOMAIN, domainId);
        request.set(JAVA_INT, reference + REFERENCE_NUMBER, references[i]);
      }
      device.ioctl(MAP_GRANT_REF, request);
      return request.get(JAVA_LONG, MAP_INDEX);
    }
  }

  static void unmap(XenDevice device, long index, int count) throws PosixException, XenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(UNMAP_SIZE, 8);
      request.set(JAVA_LONG, UNMAP_INDEX, index);
      request.set(JAVA_INT, UNMAP_COUNT, count);
      device.ioctl(UNMAP_GRANT_REF, request);
    }
  }
}
