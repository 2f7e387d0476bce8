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
  private long clientUsed;
  private long serverUsed;
  private boolean reused;

  /** Which of the pool's generations it belongs to. */
  int generation;

  private LinkMemory(SharedPages pages, int ringSize) {
    this.pages = pages;
    this.ringSize = ringSize;
    clientUsed = ringSize;
    serverUsed = ringSize;
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

  /** Takes note of how much of the rings was used, at most; all of them where it is unknown. */
  void setUsed(long clientBytes, long serverBytes) {
    clientUsed = Math.min(clientBytes, ringSize);
    serverUsed = Math.min(serverBytes, ringSize);
  }

  /** It is offered again without having been zeroed: all of it may be used. */
  void setReused() {
    reused = true;
  }

  boolean isReused() {
    return reused;
  }

  /** Zeroes what was used, and the descriptor page. */
  void zero() {
    pages.memory().asSlice(0, Xen.PAGE_SIZE).fill((byte) 0);
    clientRing().asSlice(0, clientUsed).fill((byte) 0);
    serverRing().asSlice(0, serverUsed).fill((byte) 0);
    setUsed(ringSize, ringSize);
    reused = false;
  }
}
