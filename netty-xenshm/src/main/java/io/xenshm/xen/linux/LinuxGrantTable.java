package io.xenshm.xen.linux;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Grants by {@code /dev/xen/gntalloc}, maps by {@code /dev/xen/gntdev}. */
final class LinuxGrantTable implements GrantTable, AutoCloseable {
  private final LinuxXenPaths paths;
  private volatile int ownDomainId;
  private final XenDevice gntalloc;
  private final XenDevice gntdev;
  private final Set<SharedPages> open = ConcurrentHashMap.newKeySet();
  private volatile boolean outlived;

  LinuxGrantTable(LinuxXenPaths paths, int ownDomainId) throws XenException {
    this.paths = paths;
    this.ownDomainId = ownDomainId;
    gntalloc = XenDevice.open(paths, XenDeviceKind.GNTALLOC, 0);
    try {
      gntdev = XenDevice.open(paths, XenDeviceKind.GNTDEV, 0);
    } catch (XenException e) {
      gntalloc.close();
      throw e;
    }
  }

  void setDomainId(int domainId) {
    ownDomainId = domainId;
  }

  /** The domain was suspended and resumed. */
  void outlived() {
    for (SharedPages pages : open) {
      if (pages instanceof MappedPages mapped) {
        mapped.outlived();
        outlived = true;
      }
    }
  }

  @Override
  public SharedPages grant(int domainId, int count) throws XenException {
    DomainIds.checkPeer(domainId, ownDomainId);
    if (count < 1) {
      throw new IllegalArgumentException("pages to grant: " + count);
    }
    String operation = grantFailed(domainId, count);
    int[] references = new int[count];
    long index;
    try {
      index = Gntalloc.allocate(gntalloc, domainId, references);
    } catch (PosixException e) {
      if (e.errno() == Posix.ENOSPC) {
        throw grantLimitReached(domainId, count);
      }
      throw new XenException(operation + e.getMessage(), e);
    }
    try {
      MemorySegment mapping = gntalloc.mmap(LinuxSharedPages.bytes(count), index);
      SharedPages pages =
          new GrantedPages(gntalloc, index, domainId, references, mapping, open::remove);
      open.add(pages);
      return pages;
    } catch (PosixException e) {
      undo(() -> Gntalloc.deallocate(gntalloc, index, count), e);
      throw new XenException(operation + e.getMessage(), e);
    }
  }

  private String grantFailed(int domainId, int count) {
    return "cannot grant "
        + count
        + " pages to domain "
        + domainId
        + " ("
        + gntalloc.path()
        + "): ";
  }

  XenLimitException grantLimitReached(int domainId, int count) {
    return new XenLimitException(
        grantFailed(domainId, count)
            + "the limit of granted pages of this guest is reached, or Xen's of grants; "
            + limitAdvice(XenDeviceKind.GNTALLOC));
  }

  @Override
  public SharedPages map(int domainId, int... references) throws XenException {
    DomainIds.checkPeer(domainId, ownDomainId);
    int count = references.length;
    if (count < 1) {
      throw new IllegalArgumentException("no grant reference to map");
    }
    String operation =
        "cannot map " + count + " pages of domain " + domainId + " (" + gntdev.path() + "): ";
    long index;
    try {
      index = Gntdev.map(gntdev, domainId, references);
    } catch (PosixException e) {
      if (e.errno() == Posix.EINVAL || e.errno() == Posix.ENOMEM) {
        throw new XenLimitException(
            operation
                + "more than the kernel takes at once, or than it has memory for; "
                + limitAdvice(XenDeviceKind.GNTDEV));
      }
      throw new XenException(operation + e.getMessage(), e);
    }
    try {
      MemorySegment mapping = gntdev.mmap(LinuxSharedPages.bytes(count), index);
      SharedPages pages =
          new MappedPages(gntdev, index, domainId, references, mapping, open::remove);
      open.add(pages);
      return pages;
    } catch (PosixException e) {
      undo(() -> Gntdev.unmap(gntdev, index, count), e);
      if (e.errno() == Posix.EINVAL) {
        throw new XenException(
            operation
                + "a grant reference is not valid, is not granted to this domain, or there is no"
                + " such domain",
            e);
      }
      throw new XenException(operation + e.getMessage(), e);
    }
  }

  private interface Undo {
    void run() throws IOException;
  }

  private static void undo(Undo undo, PosixException reason) {
    try {
      undo.run();
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  private String limitAdvice(XenDeviceKind kind) {
    Path file = paths.limitOf(kind);
    String value;
    try {
      value = Files.readString(file).strip();
    } catch (IOException e) {
      value = "unknown (" + e + ")";
    }
    return file + " is " + value + ": raise it there, or close what is not needed";
  }

  @Override
  public void close() {
    for (SharedPages pages : open) {
      pages.close();
    }
    gntalloc.close();
    if (!outlived) {
      gntdev.close(); // would end the mappings
    }
  }
}
