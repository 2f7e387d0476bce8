package io.xenshm.xen.linux;

import io.xenshm.xen.XenException;

/** Numbers of domains. gntalloc's request has 16 bits for one, so a larger one would be another. */
final class DomainIds {
  /** The first number that no guest has: {@code DOMID_FIRST_RESERVED}, xen/interface/xen.h. */
  private static final int FIRST_RESERVED = 0x7FF0;

  private DomainIds() {}

  static void check(int domainId) throws XenException {
    if (domainId < 0 || domainId >= FIRST_RESERVED) {
      throw new XenException(
          "no domain can have the number " + domainId + ": it is 0 to " + (FIRST_RESERVED - 1));
    }
  }

  static void checkPeer(int domainId, int ownDomainId) throws XenException {
    check(domainId);
    if (domainId == ownDomainId) {
      throw new XenException(
          "domain " + domainId + " is this one: Xen shares no pages of a domain with itself");
    }
  }
}
