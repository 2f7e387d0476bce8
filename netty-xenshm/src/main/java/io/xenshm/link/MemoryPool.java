package io.xenshm.link;

import io.xenshm.xen.GrantTable;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * Granted memory that no link uses, kept per peer domain for the next link to it.
 *
 * <p>The kernel ends grants that a peer still maps slowly, about ten a second. So memory is kept
 * until the peer has unmapped it, and then used again. Only memory that the peer gave back comes
 * here.
 *
 * <p>All methods may be called from any thread.
 */
final class MemoryPool {
  private final GrantTable grants;
  private final int maxIdlePages;
  private final ArrayDeque<LinkMemory> idle = new ArrayDeque<>();
  private int idlePages;
  private int generation;
  private int usedPages;
  private boolean closed;

  /**
   * A pool without memory.
   *
   * @param maxIdlePages pages that are kept; more only where at least as many are in use
   */
  MemoryPool(GrantTable grants, int maxIdlePages) {
    this.grants = grants;
    this.maxIdlePages = maxIdlePages;
  }

  /**
   * Returns zeroed memory, to be given back by {@link #give} or {@link #discard}, that is granted
   * to a domain.
   *
   * @throws XenLimitException if the limit of grants is reached, also without all idle memory
   */
  LinkMemory take(int peerDomain, int ringSize) throws XenException {
    LinkMemory memory = takeIdle(peerDomain, ringSize);
    if (memory != null) {
      memory.zero();
    } else {
      memory = grant(peerDomain, ringSize);
    }
    used(LinkMemory.pageCount(ringSize));
    return memory;
  }

  private LinkMemory grant(int peerDomain, int ringSize) throws XenException {
    try {
      return grantNow(peerDomain, ringSize);
    } catch (XenLimitException e) {
      if (!releaseIdle()) {
        throw e;
      }
      return grantNow(peerDomain, ringSize);
    }
  }

  private LinkMemory grantNow(int peerDomain, int ringSize) throws XenException {
    int now;
    synchronized (this) {
      now = generation;
    }
    LinkMemory memory = LinkMemory.grant(grants, peerDomain, ringSize);
    memory.generation = now;
    return memory;
  }

  private synchronized void used(int pages) {
    usedPages += pages;
  }

  private synchronized LinkMemory takeIdle(int peerDomain, int ringSize) {
    for (Iterator<LinkMemory> all = idle.iterator(); all.hasNext(); ) {
      LinkMemory memory = all.next();
      if (memory.peerDomain() == peerDomain && memory.ringSize == ringSize) {
        all.remove();
        idlePages -= LinkMemory.pageCount(ringSize);
        return memory;
      }
    }
    return null;
  }

  /** Takes back memory that the peer has unmapped, or never mapped. */
  void give(LinkMemory memory) {
    int pages = LinkMemory.pageCount(memory.ringSize);
    synchronized (this) {
      usedPages -= pages;
      // who opens many connections will soon open as many again
      if (!closed
          && memory.generation == generation
          && idlePages + pages <= Math.max(maxIdlePages, usedPages)) {
        idle.push(memory);
        idlePages += pages;
        return;
      }
    }
    memory.pages.close();
  }

  /** Ends the grants of memory that is of no use any more: the peer may have it mapped. */
  void discard(LinkMemory memory) {
    used(-LinkMemory.pageCount(memory.ringSize));
    memory.pages.close();
  }

  /** Ends the grants of all idle memory for a domain, or for all where it is negative. */
  private synchronized boolean releaseIdle() {
    boolean any = !idle.isEmpty();
    while (!idle.isEmpty()) {
      idle.pop().pages.close();
    }
    idlePages = 0;
    return any;
  }

  synchronized void forget(int peerDomain) {
    for (Iterator<LinkMemory> all = idle.iterator(); all.hasNext(); ) {
      LinkMemory memory = all.next();
      if (memory.peerDomain() == peerDomain) {
        all.remove();
        idlePages -= LinkMemory.pageCount(memory.ringSize);
        memory.pages.close();
      }
    }
  }

  /** Grants from before are worth nothing any more: none of that memory is used again. */
  synchronized void startAnew() {
    generation++;
    releaseIdle();
  }

  synchronized void close() {
    closed = true;
    releaseIdle();
  }
}
