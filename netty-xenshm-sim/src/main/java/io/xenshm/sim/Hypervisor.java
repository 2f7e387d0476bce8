package io.xenshm.sim;

import io.xenshm.xen.XenException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The simulated hypervisor with the guests' kernels: who exists, and what happens to a process's
 * pages and ports when it, or its domain, ends. {@link GrantTables} and {@link Ports} have the
 * rules of the two.
 *
 * <p>Plain state, for one thread.
 */
final class Hypervisor {
  /** The first number that no domain has ({@code DOMID_FIRST_RESERVED}). */
  private static final int FIRST_RESERVED = 0x7FF0;

  final GrantTables grantTables;
  final Ports ports;

  private final Map<Integer, Domain> domains = new TreeMap<>();
  private final SimulatedLimits limits;
  private final HostFiles files;

  /**
   * Creates a hypervisor without domains.
   *
   * @param firstDoorbell number of the first doorbell; others follow it
   */
  Hypervisor(SimulatedLimits limits, HostFiles files, int firstDoorbell) {
    this.limits = limits;
    this.files = files;
    this.grantTables = new GrantTables(this, limits, files);
    this.ports = new Ports(this, files, firstDoorbell);
  }

  void addDomain(int id) throws XenException {
    if (domains.containsKey(id)) {
      throw new XenException("domain " + id + " exists already");
    }
    files.resetPorts(id);
    domains.put(id, new Domain(id, limits.ports()));
  }

  static void checkNumber(int domainId) throws XenException {
    if (domainId < 0 || domainId >= FIRST_RESERVED) {
      throw new XenException(
          "no domain can have the number " + domainId + ": it is 0 to " + (FIRST_RESERVED - 1));
    }
  }

  Domain domain(int id) throws XenException {
    Domain domain = domains.get(id);
    if (domain == null) {
      throw new XenException("domain " + id + " does not exist; there are " + domains.keySet());
    }
    return domain;
  }

  /** Returns a domain; null if there is none. */
  Domain findDomain(int id) {
    return domains.get(id);
  }

  List<Domain> domains() {
    return List.copyOf(domains.values());
  }

  GuestProcess startProcess(int domainId) throws XenException {
    Domain domain = domain(domainId);
    GuestProcess process = new GuestProcess(domain);
    domain.processes.add(process);
    return process;
  }

  /**
   * Ends a process, as its kernel does: first its address space goes, with its notifications, then
   * its descriptors.
   */
  void endProcess(GuestProcess process) {
    if (!process.domain.processes.remove(process)) {
      return;
    }
    for (Long handle : new ArrayList<>(process.holdings.keySet())) {
      grantTables.release(process, handle, true);
    }
    for (Integer doorbell : new ArrayList<>(process.channels.keySet())) {
      ports.closeChannels(process, doorbell);
    }
  }

  /**
   * Suspends a domain and resumes it as another one: the hypervisor knows nothing any more of its
   * grants, mappings and ports; its processes go on. Its peers get no event, and keep what they
   * mapped.
   */
  void resumeDomain(int id, int newId) throws XenException {
    Domain before = domain(id);
    addDomain(newId);
    Domain after = domain(newId);
    for (GuestProcess process : List.copyOf(before.processes)) {
      takeEverything(process);
      process.domain = after;
      after.processes.add(process);
    }
    before.processes.clear();
    grantTables.vanish(before);
    domains.remove(id);
  }

  private void takeEverything(GuestProcess process) {
    grantTables.vanish(process);
    for (Integer doorbell : new ArrayList<>(process.channels.keySet())) {
      ports.closeChannels(process, doorbell);
    }
  }

  /**
   * Ends a domain at once. Its kernel has no chance to notify anybody: its mappings, grants and
   * ports vanish in silence.
   *
   * @return the processes that were running in it
   */
  List<GuestProcess> destroyDomain(int id) throws XenException {
    Domain domain = domain(id);
    List<GuestProcess> processes = List.copyOf(domain.processes);
    for (GuestProcess process : processes) {
      domain.processes.remove(process);
      takeEverything(process);
    }
    grantTables.vanish(domain);
    domains.remove(id);
    return processes;
  }
}
