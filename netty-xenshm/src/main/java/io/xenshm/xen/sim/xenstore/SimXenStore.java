package io.xenshm.xen.sim.xenstore;

import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The XenStore daemon of a simulated host. Serves one Unix socket per domain, {@code
 * DIR/xenstore/<domain>.sock}: the socket that a client connected to is its identity.
 *
 * <p>All methods may be called from any thread but the daemon's own. They wait until the daemon's
 * single thread has done the work.
 */
public final class SimXenStore implements AutoCloseable {

  private SimXenStore() {}

  /**
   * Starts a daemon with the default quotas and the nodes of dom0, and serves dom0's socket.
   *
   * @param directory the simulated host's directory
   * @throws IOException if a socket cannot be made
   */
  public static SimXenStore start(Path directory, XenStoreFlavour flavour) throws IOException {
    java.nio.file.Files.createDirectories(socketPath(directory, flavour.maxWatches()).getParent());
    return new SimXenStore();
  }

  /** Returns the path of a domain's socket below the simulated host's directory. */
  public static Path socketPath(Path directory, int domainId) {
    return directory.resolve("xenstore").resolve(domainId + ".sock");
  }

  /**
   * Introduces a domain and serves its socket: makes {@code /local/domain/<id>} (the domain's own,
   * not writable at its top: the owner stays dom0) with the guest-owned {@code data}, {@code attr},
   * {@code drivers}, {@code feature} and {@code error}, and {@code name} and {@code domid}. Fires
   * {@code @introduceDomain}.
   *
   * @throws IOException if the socket cannot be made
   */
  public void addDomain(int domainId) throws IOException {}

  /**
   * Destroys a domain: drops its connections, removes its socket and {@code /local/domain/<id>},
   * fires {@code @releaseDomain}. Nodes of dom0's about it elsewhere are the caller's: see {@link
   * #remove}.
   */
  public void removeDomain(int domainId) {}

  /** Writes a node as dom0. New nodes above it belong to dom0. */
  public void write(String path, String value) throws XenStoreException {}

  /** Writes a node as dom0 and sets its permissions, in wire form, owner first. */
  public void write(String path, String value, String... permissions) throws XenStoreException {}

  /** Reads a node as dom0; null where there is none. */
  public String read(String path) {
    return null;
  }

  /** Removes a node and all below it as dom0; has no effect where there is none. */
  public void remove(String path) {}

  /**
   * Drops all connections and empties the tree, as a crash and a restart of the daemon would. The
   * domains stay known, their sockets stay; their nodes are the caller's to write again.
   */
  public void restart() {}

  /** Returns how many nodes a domain owns. */
  public int nodes(int domainId) {
    return 0;
  }

  /** Returns how many watches all of a domain's connections have. */
  public int watches(int domainId) {
    return 0;
  }

  /** Returns how many transactions all of a domain's connections have open. */
  public int transactions(int domainId) {
    return 0;
  }

  /** Returns how many connections a domain has. */
  public int connections(int domainId) {
    return 0;
  }

  /** Drops all connections and removes the sockets. */
  @Override
  public void close() {}
}
