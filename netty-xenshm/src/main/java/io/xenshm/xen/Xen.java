package io.xenshm.xen;

import java.nio.file.Path;

/**
 * One guest's access to Xen: the entry to a back end.
 *
 * <p>All methods may be called from any thread.
 */
public interface Xen extends AutoCloseable {

  /** Size of a page and of a grant, in bytes: {@code XEN_PAGE_SIZE}. */
  int PAGE_SIZE = 4096;

  /**
   * Returns the number of the domain that this process runs in. It changes where the guest was
   * suspended and resumed, or migrated; see {@link #refresh}.
   */
  int domainId();

  /**
   * Goes on as a domain that may have another number, or whose XenStore may be another one. The
   * caller has found that out from XenStore, and there {@code domid} is {@code domainId}.
   *
   * @param domainId this domain's number from now on
   * @param resumed whether it was suspended and resumed; as another domain, even if the number is
   *     the same
   * @return true where event channels and pages from before are of no use for new connections, and
   *     event channels must be opened anew
   * @throws XenException if that cannot be done, or not yet
   */
  boolean refresh(int domainId, boolean resumed) throws XenException;

  /** Returns the memory that this domain shares with others. */
  GrantTable grants();

  /**
   * Opens a new set of event channels with a descriptor of its own. An event loop has one.
   *
   * @throws XenException if the device cannot be opened
   */
  EventChannels openEventChannels() throws XenException;

  /** Returns the connection to XenStore that this process shares. */
  XenStore xenStore();

  /**
   * Returns a directory that all processes of this domain on this kernel can write to, and that a
   * restart of the domain empties. Lock files in it tell which of the domain's processes live.
   */
  Path runtimeDirectory();

  /**
   * Releases everything that this process holds through this object: pages, ports, watches,
   * connections. Memory of {@link SharedPages} must not be touched any more.
   */
  @Override
  void close();
}
