package io.xenshm.link;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;

/**
 * Memory of this client's ended links that their servers keep mapped: the next connection to such a
 * server's process needs no grants, no mapping and no XenStore.
 *
 * <p>Who removes an ended link from here owns it. All methods may be called from any thread.
 */
final class ParkedMemory {
  /** More than that, of all servers, are not kept. */
  static final int MAX = 32;

  private final ArrayDeque<EndedLink> links = new ArrayDeque<>();

  /** Adds the memory of a link; false where there is too much. */
  synchronized boolean add(EndedLink link) {
    if (links.size() >= MAX) {
      return false;
    }
    links.push(link);
    return true;
  }

  /** Returns of how many links there is memory. */
  synchronized int size() {
    return links.size();
  }

  /**
   * Has all servers unmap what they keep.
   *
   * @return whether there is any: it comes back a moment later
   */
  boolean giveUpAll() {
    List<EndedLink> all;
    synchronized (this) {
      all = List.copyOf(links);
      links.clear();
    }
    all.forEach(EndedLink::giveUp);
    return !all.isEmpty();
  }

  /** Removes the memory of a link; false where somebody else did. */
  synchronized boolean remove(EndedLink link) {
    return links.remove(link);
  }

  /**
   * Removes the latest memory that a server's process maps, with rings of a size; null if none.
   *
   * @param process the server's
   */
  synchronized EndedLink take(int domain, String process, int ringSize) {
    for (Iterator<EndedLink> all = links.iterator(); all.hasNext(); ) {
      EndedLink link = all.next();
      if (link.isFor(domain, process, ringSize)) {
        all.remove();
        return link;
      }
    }
    return null;
  }
}
