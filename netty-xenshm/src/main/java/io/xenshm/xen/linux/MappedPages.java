package io.xenshm.xen.linux;

import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * Pages of another domain.
 *
 * <p>Their end needs {@code munmap} and the device's UNMAP: in a PV guest the first unmaps, in an
 * HVM or PVH guest the second, and in both the event is sent at the later one.
 */
final class MappedPages extends LinuxSharedPages {
  private final Consumer<MappedPages> onClose;

  MappedPages(
      XenDevice gntdev,
      long index,
      int domainId,
      int[] references,
      MemorySegment mapping,
      Consumer<MappedPages> onClose) {
    super(gntdev, index, domainId, references, mapping);
    this.onClose = onClose;
  }

  @Override
  void release() throws PosixException, XenException {
    onClose.accept(this);
    Gntdev.unmap(device, index, count());
  }

  @Override
  public String toString() {
    return count() + " pages mapped from domain " + peerDomainId();
  }
}
