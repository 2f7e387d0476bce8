package io.xenshm.xen.linux;

import io.netty.util.internal.SystemPropertyUtil;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The Xen that this machine runs on, through its kernel's devices. See {@link LinuxXenProbe} for
 * what it needs.
 */
public final class LinuxXen implements Xen {
  /** Generous: a daemon on a busy host answers late, and a request that ends early is an error. */
  private static final Duration XENSTORE_TIMEOUT =
      Duration.ofSeconds(SystemPropertyUtil.getLong("xenshm.xenstore.timeoutSeconds", 15));

  private final LinuxXenPaths paths;
  private final XenStore xenStore;
  private volatile int domainId;
  private final LinuxGrantTable grants;
  private final Path runtimeDirectory;
  private final Set<LinuxEventChannels> eventChannels = ConcurrentHashMap.newKeySet();

  private LinuxXen(LinuxXenPaths paths, XenStore xenStore) throws XenException {
    this.paths = paths;
    this.xenStore = xenStore;
    this.domainId = ownDomainId(xenStore);
    this.runtimeDirectory = RuntimeDirectory.of(paths);
    this.grants = new LinuxGrantTable(paths, domainId);
  }

  /**
   * Opens the devices and the connection to XenStore.
   *
   * @throws XenException if this is no Xen guest, or something is missing in it; the message says
   *     what, and what to do
   */
  public static LinuxXen open() throws XenException {
    return open(LinuxXenPaths.ofThisMachine());
  }

  static LinuxXen open(LinuxXenPaths paths) throws XenException {
    LinuxXenProbe.of(paths).ensureAvailable();
    XenStore xenStore = XenStoreClient.connect(xenStoreEndpoint(paths), XENSTORE_TIMEOUT);
    try {
      return new LinuxXen(paths, xenStore);
    } catch (XenException | RuntimeException e) {
      xenStore.close();
      throw e;
    }
  }

  /**
   * Opens a connection to XenStore alone, for programs that share no memory: it needs none of the
   * other devices.
   *
   * @throws XenException if there is none, with the path in the message
   */
  public static XenStore openXenStore() throws XenException {
    LinuxXenPaths paths = LinuxXenPaths.ofThisMachine();
    if (!Files.exists(paths.xenStoreSocket()) && !Files.isDirectory(paths.devices())) {
      throw new XenException(
          "no Xen: this machine has neither "
              + paths.xenStoreSocket()
              + " nor "
              + paths.devices()
              + "; without Xen, set xenshm.xen to sim:DIR to use a simulated host");
    }
    return XenStoreClient.connect(xenStoreEndpoint(paths), XENSTORE_TIMEOUT);
  }

  /** In dom0 the daemon's socket, as Xen's own tools do; in a guest, which has none, the kernel. */
  static XenStoreEndpoint xenStoreEndpoint(LinuxXenPaths paths) {
    return Files.exists(paths.xenStoreSocket())
        ? XenStoreEndpoint.unixSocket(paths.xenStoreSocket())
        : new XenBusEndpoint(paths);
  }

  private static int ownDomainId(XenStore xenStore) throws XenException {
    String text = null;
    try {
      text = xenStore.readString("domid").get(XENSTORE_TIMEOUT.toSeconds() + 1, TimeUnit.SECONDS);
      return Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      throw new XenException(
          "XenStore's node 'domid' should hold this domain's number, and holds '" + text + "'", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new XenException(
          "XenStore does not tell this domain's number (node 'domid'): " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new XenException("interrupted while asking XenStore for this domain's number", e);
    }
  }

  @Override
  public int domainId() {
    return domainId;
  }

  /** The devices stay as they are: what is opened anew belongs to the domain as it is now. */
  @Override
  public boolean refresh(int newDomainId, boolean resumed) {
    boolean changed = resumed || domainId != newDomainId;
    if (changed) {
      eventChannels.forEach(LinuxEventChannels::outlived);
      grants.outlived();
    }
    domainId = newDomainId;
    grants.setDomainId(newDomainId);
    return changed;
  }

  @Override
  public GrantTable grants() {
    return grants;
  }

  @Override
  public EventChannels openEventChannels() throws XenException {
    LinuxEventChannels channels = LinuxEventChannels.open(paths, eventChannels::remove);
    eventChannels.add(channels);
    return channels;
  }

  @Override
  public XenStore xenStore() {
    return xenStore;
  }

  @Override
  public Path runtimeDirectory() {
    return runtimeDirectory;
  }

  @Override
  public void close() {
    grants.close();
    eventChannels.forEach(LinuxEventChannels::close);
    xenStore.close();
  }

  @Override
  public String toString() {
    return "domain " + domainId + " (" + paths.devices() + ")";
  }
}
