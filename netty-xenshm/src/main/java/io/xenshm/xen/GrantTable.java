package io.xenshm.xen;

/**
 * Pages that one domain shares with another.
 *
 * <p>The granter owns the memory and names each page by a <em>grant reference</em>; the domain that
 * a grant is for maps it by that reference. A granter cannot take back what is mapped.
 *
 * <p>All methods may be called from any thread.
 */
public interface GrantTable {

  /**
   * Allocates pages, zeroed, and grants each of them, writable, to a domain.
   *
   * @param domainId the domain that may map the pages; not this one
   * @param count number of pages, at least 1
   * @return the pages, mapped contiguously in this process
   * @throws XenLimitException if the guest's limit of granted pages is reached
   * @throws XenException if the back end refuses for another reason
   */
  SharedPages grant(int domainId, int count) throws XenException;

  /**
   * Maps pages that another domain granted to this one, writable and contiguously in the order of
   * the references. Either all of them are mapped or none.
   *
   * @param domainId the domain that granted the pages; not this one
   * @param references their grant references, at least one
   * @return the mapped pages
   * @throws XenLimitException if a limit of mapped pages is reached
   * @throws XenException if a reference is invalid, is not granted to this domain, or the domain
   *     does not exist
   */
  SharedPages map(int domainId, int... references) throws XenException;
}
