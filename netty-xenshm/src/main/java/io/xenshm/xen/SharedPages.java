package io.xenshm.xen;

import java.lang.foreign.MemorySegment;

/**
 * Pages shared with another domain, mapped contiguously in this process: either granted by it or
 * mapped by it.
 *
 * <p>Methods may be called from any thread; closing while another thread accesses {@link #memory()}
 * is the caller's error, and makes that access throw {@link IllegalStateException}.
 */
public interface SharedPages extends AutoCloseable {

  /**
   * Returns the memory: {@code references().length * Xen.PAGE_SIZE} bytes, accessible from any
   * thread.
   */
  MemorySegment memory();

  /**
   * Returns the other domain: the one that the pages are granted to, or the one that granted them.
   */
  int peerDomainId();

  /** Returns a copy of the pages' grant references, in the order of the memory. */
  int[] references();

  /**
   * Arranges what the peer sees when this side's mapping goes away, by {@link #close()} or by the
   * death of this process: the byte at {@code offset} is set to zero, then an event is sent through
   * {@code port}.
   *
   * <p>This is {@code IOCTL_GNTALLOC_SET_UNMAP_NOTIFY} or {@code IOCTL_GNTDEV_SET_UNMAP_NOTIFY}
   * with both actions (xen/gntdev.h). A second call replaces the first. The port must stay bound
   * until this side is closed. Where it was unbound before, the byte is still cleared; whether an
   * event is sent is left open, since Linux keeps a port that a notification refers to.
   *
   * @param offset offset of the byte in {@link #memory()}
   * @param channels the event channels that {@code port} belongs to
   * @param port a bound local port
   * @throws XenException if the port is not bound in {@code channels}
   */
  void notifyOnUnmap(long offset, EventChannels channels, int port) throws XenException;

  /**
   * Gives the pages back. On the mapping side, the pages are unmapped. On the granting side, the
   * grants end: at once where the peer has unmapped the pages, and otherwise when it does, with a
   * delay of the kernel's. Pages that the peer still maps no longer count against the guest's
   * limit, but remain the peer's to read and write.
   *
   * <p>Calling it again has no effect.
   */
  @Override
  void close();
}
