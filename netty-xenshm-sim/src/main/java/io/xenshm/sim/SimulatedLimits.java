package io.xenshm.sim;

/**
 * The limits of every guest of a simulated host. The defaults are those of Linux 6.1 and Xen 4.17.
 *
 * @param grantedPages pages that a guest may have granted at a time ({@code xen_gntalloc.limit});
 *     what waits on the deferred list does not count
 * @param grantReferences entries of a guest's grant table, the deferred ones among them
 * @param mappedPages pages that a guest may have mapped at a time
 * @param ports event channels of a guest, and its highest port number
 * @param deferredFreesPerPass pages on the deferred list that one pass looks at
 * @param deferredPassMillis time from one such pass to the next, in milliseconds
 */
public record SimulatedLimits(
    int grantedPages,
    int grantReferences,
    int mappedPages,
    int ports,
    int deferredFreesPerPass,
    int deferredPassMillis) {

  /** What a guest has unless something is raised. */
  public static final SimulatedLimits DEFAULT =
      new SimulatedLimits(1024, 32_760, 262_144, 1023, 10, 1000);

  /**
   * The largest number of ports that can be asked for: the hypervisor's two-level ABI has no more.
   */
  static final int MAX_PORTS = 4095;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is less than 1, or there are more than 4095 ports
   */
  public SimulatedLimits {
    atLeastOne("granted pages", grantedPages);
    atLeastOne("grant references", grantReferences);
    atLeastOne("mapped pages", mappedPages);
    atLeastOne("ports", ports);
    atLeastOne("deferred frees per pass", deferredFreesPerPass);
    atLeastOne("milliseconds between deferred passes", deferredPassMillis);
    if (ports > MAX_PORTS) {
      throw new IllegalArgumentException("a guest has at most " + MAX_PORTS + " ports: " + ports);
    }
  }

  /** Returns the same limits with another number of granted pages. */
  public SimulatedLimits withGrantedPages(int pages) {
    return new SimulatedLimits(
        pages, grantReferences, mappedPages, ports, deferredFreesPerPass, deferredPassMillis);
  }

  /** Returns the same limits with another number of ports. */
  public SimulatedLimits withPorts(int number) {
    return new SimulatedLimits(
        grantedPages,
        grantReferences,
        mappedPages,
        number,
        deferredFreesPerPass,
        deferredPassMillis);
  }

  /** Returns the same limits with another number of mapped pages. */
  public SimulatedLimits withMappedPages(int pages) {
    return new SimulatedLimits(
        grantedPages, grantReferences, pages, ports, deferredFreesPerPass, deferredPassMillis);
  }

  /** Returns the same limits with another pace of deferred frees. */
  public SimulatedLimits withDeferredFrees(int perPass, int passMillis) {
    return new SimulatedLimits(
        grantedPages, grantReferences, mappedPages, ports, perPass, passMillis);
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("limit of " + name + " must be at least 1: " + value);
    }
  }
}
