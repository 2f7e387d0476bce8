package io.xenshm.xen.linux;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What granted and mapped pages have in common: a mapping, its notification, its end. */
@SuppressWarnings("restricted") // giving the mapping its scope is the purpose of this class
abstract class LinuxSharedPages implements SharedPages {
  private static final int BOTH_ACTIONS = Gntalloc.CLEAR_BYTE | Gntalloc.SEND_EVENT;

  final XenDevice device;

  /** Offset of the pages in the device's file. */
  final long index;

  private final int peerDomainId;
  private final int[] references;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private boolean closed;

  /** The domain was resumed since they were mapped. */
  private boolean outlived;

  LinuxSharedPages(
      XenDevice device, long index, int peerDomainId, int[] references, MemorySegment mapping) {
    this.device = device;
    this.index = index;
    this.peerDomainId = peerDomainId;
    this.references = references.clone();
    this.memory = mapping.reinterpret(mapping.byteSize(), arena, LinuxSharedPages::unmap);
  }

  private static void unmap(MemorySegment mapping) {
    try {
      Posix.munmap(mapping);
    } catch (PosixException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public int peerDomainId() {
    return peerDomainId;
  }

  @Override
  public int[] references() {
    return references.clone();
  }

  int count() {
    return references.length;
  }

  @Override
  public synchronized void notifyOnUnmap(long offset, EventChannels channels, int port)
      throws XenException {
    if (offset < 0 || offset >= memory.byteSize()) {
      throw new IndexOutOfBoundsException(
          "offset " + offset + " in pages of " + memory.byteSize() + " bytes");
    }
    String operation = "set the unmap notification of " + this + " to port " + port;
    if (!(channels instanceof LinuxEventChannels linux) || !linux.isBound(port)) {
      throw new XenException("cannot " + operation + ": port " + port + " is not bound there");
    }
    try {
      setNotification(offset, port);
    } catch (PosixException e) {
      throw new XenException("cannot " + operation + ": " + e.getMessage(), e);
    }
  }

  /** Sets the notification, and ends one that was set before. */
  void setNotification(long offset, int port) throws PosixException, XenException {
    Gntalloc.setUnmapNotification(device, index + offset, BOTH_ACTIONS, port);
  }

  /**
   * The domain was suspended and resumed: a peer's pages are not there any more. The mapping is
   * left as it is until the process ends, since to end it is a fault in the kernel: it clears the
   * byte of the notification in a page that it does not have (drivers/xen/gntdev.c, {@code
   * unmap_grant_pages}).
   */
  final synchronized void outlived() {
    outlived = true;
  }

  /** Returns the pages to the device, after the mapping ended. */
  abstract void release() throws IOException;

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (outlived) {
      closed = true;
      return;
    }
    arena.close();
    closed = true;
    try {
      release();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot give back " + this + ": " + e.getMessage(), e);
    }
  }

  static long bytes(int pages) {
    return (long) pages * Xen.PAGE_SIZE;
  }
}
