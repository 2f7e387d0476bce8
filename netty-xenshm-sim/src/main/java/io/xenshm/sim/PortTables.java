package io.xenshm.sim;

import io.xenshm.xen.XenException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** The domains' port tables that a process has mapped. May be used from any thread. */
final class PortTables {
  private final HostDirectory directory;
  private final Map<Integer, PortTable> tables = new HashMap<>();

  PortTables(HostDirectory directory) {
    this.directory = directory;
  }

  /** Returns a domain's table, which stays the same as long as the host runs. */
  synchronized PortTable of(int domainId) throws XenException {
    PortTable table = tables.get(domainId);
    if (table == null) {
      try {
        table = PortTable.open(directory.portTable(domainId));
      } catch (IOException e) {
        throw new XenException(
            "cannot reach the ports of domain "
                + domainId
                + ": the simulated Xen host in "
                + directory.root()
                + " stopped",
            e);
      }
      tables.put(domainId, table);
    }
    return table;
  }
}
