package io.xenshm.sim;

import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The rules of granting and mapping, as gntalloc, gntdev and the hypervisor have them.
 *
 * <p>A page's memory is freed once its grant has ended and nobody maps it. Where a process gives up
 * a grant that the peer maps, the page leaves the quota at once and goes to the owner's deferred
 * list, which is looked through a few entries a pass.
 */
final class GrantTables {
  /** Most pages of one map request ({@code xen_gntdev.limit}). */
  static final int MAX_PAGES_PER_MAP = 65_536;

  private final Hypervisor hypervisor;
  private final SimulatedLimits limits;
  private final HostFiles files;
  private final Set<Integer> dying = ConcurrentHashMap.newKeySet();
  private long nextHandle = 1;

  GrantTables(Hypervisor hypervisor, SimulatedLimits limits, HostFiles files) {
    this.hypervisor = hypervisor;
    this.limits = limits;
    this.files = files;
  }

  Allocation grant(GuestProcess process, int peerDomainId, int count) throws XenException {
    Domain owner = process.domain;
    checkOther(owner, peerDomainId, "grant pages to");
    if (count < 1) {
      throw new XenException("domain " + owner.id + " cannot grant " + count + " pages");
    }
    if (count > limits.grantedPages() - owner.grantedPages) {
      throw new XenLimitException(
          "domain "
              + owner.id
              + " cannot grant "
              + count
              + " more pages: "
              + owner.grantedPages
              + " of its limit of "
              + limits.grantedPages()
              + " granted pages are in use; raise it with: xenshm sim DIR --grant-pages N");
    }
    if (count > limits.grantReferences() - owner.grants.size()) {
      throw new XenLimitException(
          "domain "
              + owner.id
              + " cannot grant "
              + count
              + " more pages: "
              + owner.grants.size()
              + " of the "
              + limits.grantReferences()
              + " entries of its grant table are in use, "
              + owner.deferred.size()
              + " of them by pages that a peer did not unmap");
    }
    Allocation allocation = new Allocation(nextHandle++, process, peerDomainId, count);
    files.makePages(allocation.handle, count);
    for (int i = 0; i < count; i++) {
      Grant grant = new Grant(allocation, i, owner.takeReference());
      allocation.grants[i] = grant;
      owner.grants.put(grant.reference, grant);
    }
    owner.grantedPages += count;
    process.holdings.put(allocation.handle, allocation);
    return allocation;
  }

  Mapping map(GuestProcess process, int ownerDomainId, int... references) throws XenException {
    Domain mapper = process.domain;
    Domain owner = checkPeer(mapper, ownerDomainId, "map pages of");
    if (references.length < 1 || references.length > MAX_PAGES_PER_MAP) {
      throw new XenException(
          "one request maps 1 to " + MAX_PAGES_PER_MAP + " pages, not " + references.length);
    }
    if (references.length > limits.mappedPages() - mapper.mappedPages) {
      throw new XenLimitException(
          "domain "
              + mapper.id
              + " cannot map "
              + references.length
              + " more pages: "
              + mapper.mappedPages
              + " of its limit of "
              + limits.mappedPages()
              + " mapped pages are in use; unmap some first");
    }
    Mapping mapping = new Mapping(nextHandle, process, references.length);
    for (int i = 0; i < references.length; i++) {
      Grant grant = owner.grants.get(references[i]);
      if (grant == null || grant.allocation.peerDomainId != mapper.id) {
        throw new XenException(
            "domain "
                + owner.id
                + " did not grant a page with reference "
                + Integer.toUnsignedString(references[i])
                + " to domain "
                + mapper.id);
      }
      mapping.grants[i] = grant;
    }
    nextHandle++;
    for (Grant grant : mapping.grants) {
      grant.mappings++;
    }
    mapper.mappedPages += references.length;
    process.holdings.put(mapping.handle, mapping);
    return mapping;
  }

  void notifyOnUnmap(GuestProcess process, long handle, long offset, Port port)
      throws XenException {
    Holding holding = holding(process, handle);
    if (offset < 0 || offset >= (long) holding.grants.length * Xen.PAGE_SIZE) {
      throw new XenException("offset " + offset + " is outside of the pages");
    }
    holding.notifyOnUnmap(offset, port);
  }

  /**
   * Takes pages out of a process's address space, with the notification that was asked for.
   *
   * @param died whether the process is not there any more
   */
  void release(GuestProcess process, long handle, boolean died) {
    Holding holding = process.holdings.remove(handle);
    if (holding == null) {
      return;
    }
    Holding.UnmapNotice notice = holding.notice();
    // A process that lives has done it: a second time would hit the pages' next use.
    if (notice != null && died) {
      Grant grant = holding.grants[(int) (notice.offset() / Xen.PAGE_SIZE)];
      files.clearByte(
          grant.allocation.handle,
          (long) grant.index * Xen.PAGE_SIZE + notice.offset() % Xen.PAGE_SIZE);
    }
    dropPages(holding);
    if (notice != null && notice.port().open && notice.port().remote != null) {
      Port remote = notice.port().remote;
      if (died) {
        files.raiseForDead(remote.domain.id, remote.number);
      } else {
        files.raise(remote.domain.id, remote.number);
      }
    }
  }

  /** Takes all of a process's pages away without a notification: its domain is gone. */
  void vanish(GuestProcess process) {
    for (Holding holding : process.holdings.values()) {
      dropPages(holding);
    }
    process.holdings.clear();
  }

  /**
   * Says whether a domain that is gone is still known, since others map pages of it. May be called
   * from any thread.
   */
  boolean isDying(int domainId) {
    return dying.contains(domainId);
  }

  /** Frees what a domain that is gone had on its deferred list, where nobody maps it. */
  void vanish(Domain domain) {
    for (Grant grant : domain.deferred) {
      if (grant.mappings == 0) {
        free(grant);
      }
    }
    domain.deferred.clear();
    if (!domain.grants.isEmpty()) {
      dying.add(domain.id);
    }
  }

  /** Looks at the next entries of every deferred list and frees those that nobody maps now. */
  void deferredPass() {
    for (Domain domain : hypervisor.domains()) {
      int entries = Math.min(limits.deferredFreesPerPass(), domain.deferred.size());
      for (int i = 0; i < entries; i++) {
        Grant grant = domain.deferred.removeFirst();
        if (grant.mappings == 0) {
          free(grant);
        } else {
          domain.deferred.addLast(grant);
        }
      }
    }
  }

  boolean hasDeferred() {
    return hypervisor.domains().stream().anyMatch(domain -> !domain.deferred.isEmpty());
  }

  private void dropPages(Holding holding) {
    if (holding instanceof Allocation allocation) {
      allocation.owner.grantedPages -= allocation.grants.length;
      for (Grant grant : allocation.grants) {
        if (grant.mappings == 0) {
          free(grant);
        } else {
          allocation.owner.deferred.addLast(grant);
        }
      }
    } else {
      holding.process.domain.mappedPages -= holding.grants.length;
      for (Grant grant : holding.grants) {
        grant.mappings--;
        boolean ownerGone =
            hypervisor.findDomain(grant.allocation.owner.id) != grant.allocation.owner;
        if (grant.mappings == 0 && ownerGone) {
          free(grant);
          if (grant.allocation.owner.grants.isEmpty()) {
            dying.remove(grant.allocation.owner.id);
          }
        }
      }
    }
  }

  private void free(Grant grant) {
    Domain owner = grant.allocation.owner;
    if (!owner.grants.remove(grant.reference, grant)) {
      return;
    }
    owner.returnReference(grant.reference);
    if (--grant.allocation.livePages == 0) {
      files.removePages(grant.allocation.handle);
    }
  }

  private Domain checkPeer(Domain self, int peerDomainId, String action) throws XenException {
    checkOther(self, peerDomainId, action);
    return hypervisor.domain(peerDomainId);
  }

  /** A grant is a number in a table: Xen does not ask whether there is such a domain. */
  private static void checkOther(Domain self, int peerDomainId, String action) throws XenException {
    Hypervisor.checkNumber(peerDomainId);
    if (peerDomainId == self.id) {
      throw new XenException(
          "domain " + self.id + " cannot " + action + " itself; use TCP within a domain");
    }
  }

  private static Holding holding(GuestProcess process, long handle) throws XenException {
    Holding holding = process.holdings.get(handle);
    if (holding == null) {
      throw new XenException("pages " + handle + " are not this process's; they were closed");
    }
    return holding;
  }

  /** Returns the references of an allocation. */
  static int[] references(Allocation allocation) {
    return Arrays.stream(allocation.grants).mapToInt(grant -> grant.reference).toArray();
  }
}
