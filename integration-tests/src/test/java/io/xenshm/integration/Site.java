package io.xenshm.integration;

import io.xenshm.examples.demo.ChildJvm;
import io.xenshm.netty.XenShmAddress;
import io.xenshm.xen.sim.DomainAccounting;
import io.xenshm.xen.sim.SimulatedHost;
import io.xenshm.xen.sim.SimulatedHostConfig;
import io.xenshm.xen.sim.SimulatedXen;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** A simulated host in this process, and processes of its two guests here and elsewhere. */
final class Site implements AutoCloseable {
  static final int SERVER = 1;
  static final int CLIENT = 2;
  static final XenShmAddress ECHO = new XenShmAddress(SERVER, 4711);
  static final XenShmAddress FILES = new XenShmAddress(SERVER, 4712);
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * What both guests hold.
   *
   * @param server the server's guest
   * @param client the client's guest
   */
  record Holdings(DomainAccounting server, DomainAccounting client) {
    /** Returns whether no connection holds anything. */
    boolean withoutConnection() {
      return server.mappedPages() == 0 && server.ports() == 0 && client.ports() == 0;
    }
  }

  private final Path directory;
  private final SimulatedHost host;
  private final Deque<AutoCloseable> newestFirst = new ArrayDeque<>();

  private Site(Path directory, SimulatedHost host) {
    this.directory = directory;
    this.host = host;
  }

  /** Starts a host below a directory, with default quotas. */
  static Site start(Path parent) throws IOException {
    Path directory = parent.resolve("host");
    return new Site(directory, SimulatedHost.start(SimulatedHostConfig.of(directory, 2)));
  }

  /** Opens a process of a guest in this JVM. */
  SimulatedXen open(int domain) throws IOException {
    SimulatedXen xen = SimulatedXen.open(directory, domain);
    newestFirst.push(xen);
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
        ChildJvm.start(name, mainClass, environment(directory, domain), Map.of(), List.of(arguments));
    newestFirst.push(child);
    return child;
  }

  static Map<String, String> environment(Path host, int domain) {
    return Map.of("XENSHM_XEN", "sim:" + host, "XENSHM_SIM_DOMID", Integer.toString(domain));
  }

  /** Returns what both guests hold now. */
  Holdings holdings() throws IOException {
    return new Holdings(host.accounting(SERVER), host.accounting(CLIENT));
  }

  /** Returns what both guests hold once connections that were closed hold nothing. */
  Holdings holdingsWithoutConnection() throws Exception {
    return Await.until("no connection", this::holdings, Holdings::withoutConnection);
  }

  @Override
  public void close() throws Exception {
    while (!newestFirst.isEmpty()) {
      newestFirst.pop().close();
    }
    host.close();
  }
}
