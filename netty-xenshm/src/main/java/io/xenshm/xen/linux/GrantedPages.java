package io.xenshm.xen.linux;

import io.xenshm.posix.PosixException;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * Pages of ours.
 *
 * <p>They are deallocated when they are closed and not right after {@code mmap}, which the kernel
 * would allow too: it finds the page of a notification by the index that deallocating takes away.
 * When the process dies, the kernel unmaps and deallocates, in this order as well.
 */
final class GrantedPages extends LinuxSharedPages {
  private static final int NO_ACTION = 0;
  private static final long NONE = -1;

  private final Consumer<GrantedPages> onClose;
  private long notifiedOffset = NONE;

  GrantedPages(
      XenDevice gntalloc,
      long index,
      int domainId,
      int[] references,
      MemorySegment mapping,
      Consumer<GrantedPages> onClose) {
    super(gntalloc, index, domainId, references, mapping);
    this.onClose = onClose;
  }

  /** gntalloc has a notification for each page, so one on another page would stay. */
  @Override
  void setNotification(long offset, int port) throws PosixException, XenException {
    super.setNotification(offset, port);
    long before = notifiedOffset;
    notifiedOffset = offset;
    if (before != NONE && before / Xen.PAGE_SIZE != offset / Xen.PAGE_SIZE) {
      Gntalloc.setUnmapNotification(device, index + before, NO_ACTION, 0);
    }
  }

  @Override
  void release() throws PosixException, XenException {
    onClose.accept(this);
    Gntalloc.deallocate(device, index, count());
  }

  @Override
  public String toString() {
    return count() + " pages granted to domain " + peerDomainId();
  }
}
