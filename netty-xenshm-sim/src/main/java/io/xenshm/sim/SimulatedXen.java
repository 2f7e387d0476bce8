package io.xenshm.sim;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process of a guest on a simulated host. To the host it is a process of its own, even where
 * several of them are in one JVM.
 */
public final class SimulatedXen implements Xen {
  private final HostDirectory directory;
  private final GrantTable grants;
  private final XenStore xenStore;

  /** What this process was to hosts that are lost. */
  private final List<SimulatedProcess> earlier = new ArrayList<>(); // this

  private volatile SimulatedProcess process;

  private SimulatedXen(HostDirectory directory, SimulatedProcess process) throws XenException {
    this.directory = directory;
    this.process = process;
    this.grants = new SimulatedGrantTable(() -> this.process);
    this.xenStore = XenStoreClient.connect(XenStoreEndpoint.unixSocket(this::xenStoreSocket));
  }

  /** A domain that was suspended and resumed has another socket; on Xen the device is the same. */
  private Path xenStoreSocket() {
    SimulatedProcess current = process;
    int number = current.askDomainId();
    return directory.xenStoreSocket(number < 0 ? current.domainId() : number);
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
      return new SimulatedXen(directory, new SimulatedProcess(directory, domainId, host));
    } catch (XenException e) {
      host.close();
      throw e;
    }
  }

  @Override
  public int domainId() {
    return process.domainId();
  }

  /**
   * Goes on with the host that there is now. Where that is another one, this process starts anew to
   * it; what it holds of the one before lives on without a host.
   */
  @Override
  public synchronized boolean refresh(int domainId, boolean resumed) throws XenException {
    if (process.isDead()) {
      throw new XenException("this process of domain " + domainId + " crashed");
    }
    int known = process.askDomainId();
    if (known >= 0) {
      if (known != domainId) {
        throw new XenException(
            "XenStore says that this is domain " + domainId + ", the host says domain " + known);
      }
      boolean renumbered = known != process.domainId();
      if (renumbered) {
        process.resumed(known);
      }
      return renumbered;
    }
    HypercallClient host = HypercallClient.connect(directory, domainId);
    earlier.add(process);
    process = new SimulatedProcess(directory, domainId, host);
    return true;
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
    return directory.runtime(process.domainId());
  }

  /**
   * Lets the process die to the host, as {@code kill -9} would: the connections are cut without any
   * clean-up. Operations fail from here on. Memory of shared pages stays accessible until {@link
   * #close()}, but nothing must touch it any more: a dead process does not.
   */
  public synchronized void crash() {
    earlier.forEach(SimulatedProcess::die);
    process.die();
    xenStore.close();
  }

  @Override
  public synchronized void close() {
    earlier.forEach(SimulatedProcess::close);
    process.close();
    xenStore.close();
  }

  @Override
  public String toString() {
    return "sim:" + directory.root() + " domain " + process.domainId();
  }
}
