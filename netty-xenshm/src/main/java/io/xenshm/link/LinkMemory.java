package io.xenshm.link;

import io.xenshm.xen.GrantTable;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The pages that a client grants for one link: the descriptor page, then both rings. */
final class LinkMemory {
  final int ringSize;
  final DescriptorPage descriptor;
  final SharedPages pages;

  /** Which of the pool's generations it belongs to. */
  int generation;

  private LinkMemory(SharedPages pages, int ringSize) {
    this.pages = pages;
    this.ringSize = ringSize;
    this.descriptor = new DescriptorPage(pages.memory());
  }

  static LinkMemory grant(GrantTable grants, int peerDomain, int ringSize) throws XenException {
    return new LinkMemory(grants.grant(peerDomain, pageCount(ringSize)), ringSize);
  }

  static int pageCount(int ringSize) {
    return 1 + 2 * (ringSize / Xen.PAGE_SIZE);
  }

  int peerDomain() {
    return pages.peerDomainId();
  }

  int descriptorReference() {
    return pages.references()[0];
  }

  int[] ringReferences() {
    int[] all = pages.references();
    return Arrays.copyOfRange(all, 1, all.length);
  }

  MemorySegment clientRing() {
    return pages.memory().asSlice(Xen.PAGE_SIZE, ringSize);
  }

  MemorySegment serverRing() {
    return pages.memory().asSlice(Xen.PAGE_SIZE + (long) ringSize, ringSize);
  }

  void zero() {
    pages.memory().fill((byte) 0);
  }
}
