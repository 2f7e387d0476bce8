package io.xenshm.xen.sim;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.nio.file.Path;

/**
 * A process of a guest on a simulated host. To the host it is a process of its own, even where
 * several of them are in one JVM.
 */
public final class SimulatedXen implements Xen {
  private final SimulatedProcess process;
  private final GrantTable grants;
  private final XenStore xenStore;

  private SimulatedXen(SimulatedProcess process, XenStore xenStore) {
    this.process = process;
    this.grants = new SimulatedGrantTable(process);
    this.xenStore = xenStore;
  }

  /**
   * Starts a process in a domain of a simulated host.
   *
   * @param dir the host's directory
   * @param domainId the domain's number
   * @throws XenException if there is no simulated host in the directory, it does not run, or it has
   *     no such domain
   */
  public static SimulatedXen open(Path dir, int domainId) throws XenException {
    HostDirectory directory = new HostDirectory(dir);
    HypercallClient host = HypercallClient.connect(directory, domainId);
    try {
      XenStore xenStore =
          XenStoreClient.connect(XenStoreEndpoint.unixSocket(directory.xenStoreSocket(domainId)));
      return new SimulatedXen(new SimulatedProcess(directory, domainId, host), xenStore);
    } catch (XenException e) {
      host.close();
      throw e;
    }
  }

  @Override
  public int domainId() {
    return process.domainId();
  }

  @Override
  public GrantTable grants() {
    return grants;
  }

  @Override
  public EventChannels openEventChannels() throws XenException {
    return SimulatedEventChannels.open(process);
  }

  @Override
  public XenStore xenStore() {
    return xenStore;
  }

  @Override
  public Path runtimeDirectory() {
    return process.directory().runtime(process.domainId());
  }

  /**
   * Lets the process die to the host, as {@code kill -9} would: the connections are cut without any
   * clean-up. Operations fail from here on. Memory of shared pages stays accessible until {@link
   * #close()}, but nothing must touch it any more: a dead process does not.
   */
  public void crash() {
    process.die();
    xenStore.close();
  }

  @Override
  public void close() {
    process.close();
    xenStore.close();
  }

  @Override
  public String toString() {
    return "sim:" + process.directory().root() + " domain " + process.domainId();
  }
}
