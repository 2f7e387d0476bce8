package io.xenshm.cli;

import io.xenshm.sim.SimulatedXenProvider;
import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.linux.LinuxXen;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The XenStore that the settings {@code xenshm.xen} or {@code XENSHM_XEN} name. A verb that shares
 * no memory needs nothing else of Xen.
 */
final class XenStoreSetting {
  private static final String SIM = "sim:";
  private static final int DOMAIN_0 = 0;
  private static final long TIMEOUT_SECONDS = 60;

  private final CommandLine command;
  private final String setting;

  /**
   * Reads the settings.
   *
   * @param command whom a wrong setting is said to
   */
  XenStoreSetting(CommandLine command) {
    this.command = command;
    String variable = System.getenv("XENSHM_XEN");
    String setting = System.getProperty("xenshm.xen", variable == null ? "" : variable);
    this.setting = setting.isEmpty() ? "auto" : setting;
    if (!this.setting.startsWith(SIM)
        && !this.setting.equals("auto")
        && !this.setting.equals("linux")) {
      throw new ParameterException(
          command, "XENSHM_XEN is auto, linux or sim:DIR: '" + this.setting + "'");
    }
  }

  /** Returns whether the settings name a simulated host. */
  boolean isSimulated() {
    return setting.startsWith(SIM);
  }

  @Override
  public String toString() {
    return setting;
  }

  /** Connects as dom0; fails where this is not dom0. */
  XenStore connectAsDom0() {
    XenStore store = connect(DOMAIN_0);
    int domain = domainOf(store);
    if (domain != DOMAIN_0) {
      store.close();
      throw new ParameterException(
          command, "this is domain " + domain + ": run it in dom0, which alone sees all guests");
    }
    return store;
  }

  /** Connects as this process's own domain. */
  XenStore connectAsOwnDomain() {
    return connect(setting.startsWith(SIM) ? simulatedDomain() : DOMAIN_0);
  }

  private XenStore connect(int simulatedDomain) {
    try {
      if (!setting.startsWith(SIM)) {
        return LinuxXen.openXenStore();
      }
      Path host = Path.of(setting.substring(SIM.length()));
      Path socket = SimXenStore.socketPath(host, simulatedDomain);
      if (!Files.exists(socket)) {
        throw new ParameterException(
            command,
            "no simulated host with domain "
                + simulatedDomain
                + " runs in "
                + host
                + "; start one with: xenshm sim "
                + host);
      }
      return XenStoreClient.connect(XenStoreEndpoint.unixSocket(socket));
    } catch (XenException e) {
      throw new ParameterException(command, e.getMessage(), e);
    }
  }

  private int simulatedDomain() {
    String text =
        System.getProperty(
            SimulatedXenProvider.DOMAIN_PROPERTY,
            System.getenv(SimulatedXenProvider.DOMAIN_VARIABLE));
    if (text == null || !text.trim().matches("\\d{1,5}")) {
      throw new ParameterException(
          command,
          "set "
              + SimulatedXenProvider.DOMAIN_VARIABLE
              + " to the number of this process's domain"
              + (text == null ? "" : ": '" + text + "'"));
    }
    return Integer.parseInt(text.trim());
  }

  /** Returns a connection's domain; dom0 where XenStore does not tell. */
  int domainOf(XenStore store) {
    try {
      return Integer.parseInt(await(store.readString("domid")).strip());
    } catch (XenException | NumberFormatException e) {
      return DOMAIN_0;
    }
  }

  /** Waits for an answer. */
  static <T> T await(Future<T> future) throws XenException {
    try {
      return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | CompletionException e) {
      throw e.getCause() instanceof XenException xen
          ? xen
          : new XenException("XenStore: " + e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      throw new XenException("XenStore does not answer; does its daemon run?", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new XenException("interrupted while waiting for XenStore", e);
    }
  }
}
