package io.xenshm.cli;

import io.xenshm.directory.PeerTable;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.linux.LinuxXenProbe.Finding;
import java.util.Optional;
import picocli.CommandLine.ParameterException;

/** Looks for the table that dom0's agent writes for a domain. */
final class AgentFinding {
  private static final String SUBJECT = "agent";
  private static final int DOMAIN_0 = 0;

  private AgentFinding() {}

  /** Asks XenStore, as this process's own domain. */
  static Finding ask(XenStoreSetting setting) {
    try (XenStore store = setting.connectAsOwnDomain()) {
      int domain = setting.domainOf(store);
      if (domain == DOMAIN_0) {
        return new Finding(
            SUBJECT,
            true,
            "this is dom0; `xenshm peers --domain N` tells what it wrote for guest N");
      }
      return of(domain, XenStoreSetting.await(PeerTable.read(store, domain)));
    } catch (XenException | ParameterException e) {
      return new Finding(SUBJECT, false, "not known: " + e.getMessage());
    }
  }

  private static Finding of(int domain, Optional<PeerTable> table) {
    return table
        .map(
            found ->
                new Finding(
                    SUBJECT, true, "its table for domain " + domain + " has " + rows(found)))
        .orElseGet(
            () ->
                new Finding(
                    SUBJECT,
                    false,
                    "no table for domain "
                        + domain
                        + ": start the agent in dom0 (`xenshm agent`), or name the guests with"
                        + " -Dxenshm.peers=ADDRESS=DOMAIN,...; until then connections to addresses"
                        + " are TCP"));
  }

  private static String rows(PeerTable table) {
    int count = table.entries().size();
    return count == 1 ? "1 row" : count + " rows";
  }
}
