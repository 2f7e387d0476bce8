package io.xenshm.integration;

import io.xenshm.examples.TemporaryDirectories;
import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.sim.DomainAccounting;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedLimits;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** A simulated host in this process, and processes of its two guests here and elsewhere. */
final class Site implements AutoCloseable {
  static final int SERVER = 1;
  static final int CLIENT = 2;
  static final XenShmAddress ECHO = new XenShmAddress(SERVER, 4711);
  static final XenShmAddress FILES = new XenShmAddress(SERVER, 4712);
  private static final int QUICK_FREES = 1024;
  private static final int QUICK_FREES_MILLIS = 50;
  private static final long ROOM = 64L << 20;
  private static final String OFFERS = "/local/domain/" + CLIENT + "/data/xenshm/to/" + SERVER;

  static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * What both guests hold.
   *
   * @param server the server's guest
   * @param client the client's guest
   * @param offers offers of the client's guest to the server's in XenStore
   */
  record Holdings(DomainAccounting server, DomainAccounting client, int offers) {
    /** Returns whether no connection holds anything. */
    boolean withoutConnection() {
      return server.mappedPages() == 0 && server.ports() == 0 && client.ports() == 0 && offers == 0;
    }
  }

  private final Path directory;
  private final SimulatedHost host;
  private final Xen dom0;
  private final Deque<Runnable> newestFirst = new ArrayDeque<>();

  private Site(Path directory, SimulatedHost host) throws IOException {
    this.directory = directory;
    this.host = host;
    this.dom0 = open(0);
  }

  /** Starts a host with default quotas, in a directory of its own. */
  static Site start() throws IOException {
    return start(SimulatedLimits.DEFAULT);
  }

  /**
   * Starts a host whose kernels free at once what a dead granter's peer had mapped. By default it
   * is ten pages a second, and a test that counts would wait half a minute for a large ring.
   */
  static Site startWithQuickFrees() throws IOException {
    return start(SimulatedLimits.DEFAULT.withDeferredFrees(QUICK_FREES, QUICK_FREES_MILLIS));
  }

  /** Starts a host in a directory of its own. */
  static Site start(SimulatedLimits limits) throws IOException {
    Path directory = TemporaryDirectories.inMemory("xenshm-test-", ROOM);
    SimulatedHostConfig config = SimulatedHostConfig.of(directory, 2).withLimits(limits);
    return new Site(directory, SimulatedHost.start(config));
  }

  /** Returns the host's directory. */
  Path directory() {
    return directory;
  }

  /** Opens a process of a guest in this JVM. */
  SimulatedXen open(int domain) throws IOException {
    SimulatedXen xen = SimulatedXen.open(directory, domain);
    newestFirst.push(xen::close);
    return xen;
  }

  /** Starts both servers in a process of the server's guest; returns when they serve. */
  ChildJvm startServer() throws IOException, InterruptedException {
    ChildJvm server =
        startProcess("server", ServerProcess.class, SERVER, ECHO.toString(), FILES.toString());
    server.awaitLine("READY", PATIENCE);
    return server;
  }

  /** Starts a program in a process of a guest. */
  ChildJvm startProcess(String name, Class<?> mainClass, int domain, String... arguments)
      throws IOException {
    ChildJvm child =
        ChildJvm.start(
            name, mainClass, environment(directory, domain), Map.of(), List.of(arguments));
    newestFirst.push(child::close);
    return child;
  }

  static Map<String, String> environment(Path host, int domain) {
    return Map.of("XENSHM_XEN", "sim:" + host, "XENSHM_SIM_DOMID", Integer.toString(domain));
  }

  /** Returns what both guests hold now. */
  Holdings holdings() throws IOException {
    return new Holdings(host.accounting(SERVER), host.accounting(CLIENT), offers());
  }

  private int offers() {
    return dom0.xenStore()
        .list(OFFERS)
        .handle(
            (offers, failure) -> {
              if (failure == null) {
                return offers.size();
              }
              if (isMissing(failure)) {
                return 0;
              }
              throw new CompletionException(failure);
            })
        .join();
  }

  private static boolean isMissing(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof XenStoreException e && e.code() == XenStoreException.Code.ENOENT;
  }

  /** Returns what both guests hold once connections that were closed hold nothing. */
  Holdings holdingsWithoutConnection() throws Exception {
    return Await.until("no connection", this::holdings, Holdings::withoutConnection);
  }

  /** Ends the processes, the newest first, then the host, which removes its directory. */
  @Override
  public void close() {
    while (!newestFirst.isEmpty()) {
      newestFirst.pop().run();
    }
    host.close();
  }
}
