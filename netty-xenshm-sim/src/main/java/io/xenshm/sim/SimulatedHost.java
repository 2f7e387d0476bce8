package io.xenshm.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A simulated Xen host: hypervisor, guests' kernels, XenStore daemon, toolstack and dom0's agent.
 * Processes of its guests, in this JVM or in others, connect by {@link SimulatedXen#open}.
 *
 * <p>All methods may be called from any thread.
 */
public final class SimulatedHost implements AutoCloseable {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(SimulatedHost.class);

  private static final int DOMAIN_0 = 0;
  private static final long RESUME_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long RESUME_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final HostDirectory directory;
  private final FileChannel lock;
  private final HostTmpfs files;
  private final Hypervisor hypervisor;
  private final HypercallServer server;
  private final SimXenStore xenStore;
  private final Toolstack toolstack;
  private final Map<Integer, SimulatedDomain> guests = new TreeMap<>(); // this
  private SimulatedAgent agent; // this; null while none runs
  private boolean closed;

  private SimulatedHost(HostDirectory directory, FileChannel lock, SimulatedHostConfig config)
      throws IOException {
    this.directory = directory;
    this.lock = lock;
    SimulatedLimits limits = config.limits();
    files = new HostTmpfs(directory, limits.ports());
    // Processes that an earlier host in this directory left behind know other doorbells by number.
    hypervisor =
        new Hypervisor(limits, files, ThreadLocalRandom.current().nextInt(1, 1 << 14) << 16);
    xenStore =
        SimXenStore.start(directory.root(), config.flavour(), hypervisor.grantTables::isDying);
    toolstack = new Toolstack(xenStore, directory.root());
    server = new HypercallServer(hypervisor, limits.deferredPassMillis(), this::beginResume);
    server.start();
  }

  /**
   * Starts a host and its guests.
   *
   * @throws XenException if a host runs in the directory, or the directory holds something else
   * @throws IOException if a file or socket cannot be made
   */
  public static SimulatedHost start(SimulatedHostConfig config) throws IOException {
    HostDirectory directory = new HostDirectory(config.directory());
    directory.prepare();
    FileChannel lock = lock(directory);
    SimulatedHost host = null;
    try {
      directory.clear();
      directory.makeDirectories();
      warnWithoutTmpfs(directory.root());
      host = new SimulatedHost(directory, lock, config);
      host.serve(DOMAIN_0);
      for (SimulatedDomain domain : config.domains()) {
        host.addDomain(domain);
      }
      if (config.agent()) {
        host.startAgent();
      }
      return host;
    } catch (IOException | RuntimeException e) {
      if (host == null) {
        lock.close();
      } else {
        host.close();
      }
      throw e;
    }
  }

  private static FileChannel lock(HostDirectory directory) throws IOException {
    FileChannel channel = FileChannel.open(directory.marker(), StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      throw new XenException(
          "a simulated Xen host runs in "
              + directory.root()
              + " already; stop it or choose another directory");
    }
    return channel;
  }

  private static void warnWithoutTmpfs(Path root) throws IOException {
    String type = Files.getFileStore(root).type();
    if (!type.equals("tmpfs")) {
      LOGGER.warn(
          "{} is on {}, not on a tmpfs: shared pages are written to a disk now and then; use a"
              + " directory below /dev/shm for speed",
          root,
          type);
    }
  }

  /** Returns the host's directory, as an absolute path. */
  public Path directory() {
    return directory.root();
  }

  /**
   * Returns the XenStore daemon: for tests that look at it, or write to it as dom0, without a
   * process.
   */
  public SimXenStore xenStore() {
    return xenStore;
  }

  /**
   * Has XenStore's daemon crash and start again without its contents. All connections to it are
   * lost; the toolstack writes what it had written for the guests. What the guests wrote themselves
   * is gone until they write it again. Shared memory and events go on.
   *
   * @throws IOException if a node cannot be written
   */
  public synchronized void restartXenStore() throws IOException {
    xenStore.restart();
    xenStore.createNodes(DOMAIN_0);
    for (SimulatedDomain guest : guests.values()) {
      toolstack.writeNodes(guest);
    }
  }

  /**
   * Starts dom0's agent, if none runs. When this returns, each guest has its table. What changes
   * afterwards, guests see a moment later.
   *
   * @throws IOException if it cannot be started
   */
  public synchronized void startAgent() throws IOException {
    if (agent == null) {
      agent = SimulatedAgent.start(directory.xenStoreSocket(DOMAIN_0));
    }
  }

  /**
   * Stops dom0's agent, if it runs. The guests' tables stay as they are, as after a kill: nobody
   * keeps them current any more.
   */
  public synchronized void stopAgent() {
    if (agent != null) {
      agent.close();
      agent = null;
    }
  }

  /** Returns the numbers of the domains, domain 0 among them. */
  public List<Integer> domains() throws IOException {
    return server.call(() -> hypervisor.domains().stream().map(domain -> domain.id).toList());
  }

  /**
   * Starts a guest, as {@code xl create} does.
   *
   * @throws XenException if there is a domain with its number
   */
  public synchronized void addDomain(SimulatedDomain domain) throws IOException {
    if (domains().contains(domain.id())) {
      throw new XenException("domain " + domain.id() + " exists already");
    }
    toolstack.create(domain);
    guests.put(domain.id(), domain);
    serve(domain.id());
  }

  private void serve(int domainId) throws IOException {
    HostDirectory.deleteTree(directory.runtime(domainId));
    Files.createDirectories(directory.runtime(domainId));
    server.call(
        () -> {
          hypervisor.addDomain(domainId);
          server.listen(domainId, directory.hypercallSocket(domainId));
          return null;
        });
  }

  /**
   * Ends a guest at once, as {@code xl destroy} does: its processes lose the host, its nodes
   * disappear from XenStore, its ports, grants and mappings vanish. Its peers get no event, and
   * keep what they mapped. The processes themselves are the caller's to kill.
   *
   * @throws XenException if there is no such guest
   */
  public synchronized void destroyDomain(int domainId) throws IOException {
    if (domainId == DOMAIN_0) {
      throw new XenException("domain 0 cannot be destroyed; close the host instead");
    }
    server.call(
        () -> {
          server.destroyDomain(domainId, directory.hypercallSocket(domainId));
          return null;
        });
    guests.remove(domainId);
    toolstack.destroy(domainId);
  }

  /**
   * Suspends a guest and resumes it, as {@code xl save} and {@code xl restore}, or {@code xl
   * migrate localhost}, do. The guest has another number afterwards. All its ports, grants and
   * mappings are gone without a word, and so are its nodes in XenStore: the toolstack writes its
   * own of them again below the new number. The guest's processes go on, and keep their connections
   * to XenStore; each of their watches fires once. The guest's peers get no event, and keep what
   * they mapped.
   *
   * @param domainId the guest's number
   * @param newDomainId a number that no domain has
   * @throws XenException if there is no such guest, or the new number is a domain's
   */
  public synchronized void suspendAndResume(int domainId, int newDomainId) throws IOException {
    SimulatedDomain guest = guests.get(domainId);
    Hypervisor.checkNumber(newDomainId);
    if (guest == null) {
      throw new XenException(
          "there is no guest " + domainId + " to suspend; there are " + guests.keySet());
    }
    if (domains().contains(newDomainId)) {
      throw new XenException("domain " + newDomainId + " exists already");
    }
    SimulatedDomain resumed = guest.withId(newDomainId);
    xenStore.suspend(domainId);
    Files.move(directory.runtime(domainId), directory.runtime(newDomainId));
    server.call(
        () -> {
          server.resumeDomain(
              domainId,
              directory.hypercallSocket(domainId),
              newDomainId,
              directory.hypercallSocket(newDomainId));
          return null;
        });
    guests.remove(domainId);
    guests.put(newDomainId, resumed);
    toolstack.restore(domainId, resumed);
    xenStore.resume(domainId, newDomainId);
  }

  /** Not on the host's thread, which the work waits for. */
  private void beginResume(int domainId, int newDomainId) {
    Thread.ofPlatform()
        .daemon()
        .name("xenshm-sim-resume")
        .start(
            () -> {
              try {
                suspendAndResume(domainId, newDomainId);
              } catch (IOException | RuntimeException e) {
                LOGGER.warn("Guest {} is not resumed as {}", domainId, newDomainId, e);
              }
            });
  }

  /**
   * Has a host that runs in another process suspend and resume a guest; see {@link
   * #suspendAndResume}. Returns when the guest goes on.
   *
   * @param dir the host's directory
   * @throws XenException if no host runs there, there is no such guest, or the new number is a
   *     domain's
   */
  public static void suspendAndResume(Path dir, int domainId, int newDomainId) throws XenException {
    HostDirectory directory = new HostDirectory(dir);
    directory.checkDomain(domainId);
    Path resumed = directory.hypercallSocket(newDomainId);
    if (domainId == DOMAIN_0 || Files.exists(resumed)) {
      throw new XenException(
          domainId == DOMAIN_0
              ? "domain 0 cannot be suspended"
              : "domain " + newDomainId + " exists already; choose another number");
    }
    try (HypercallClient host = HypercallClient.connect(directory, DOMAIN_0)) {
      host.call(
          Hypercall.RESUME_DOMAIN.request(2 * Integer.BYTES).putInt(domainId).putInt(newDomainId));
    }
    long deadline = System.nanoTime() + RESUME_TIMEOUT_NANOS;
    while (!Files.exists(resumed)) {
      if (System.nanoTime() - deadline > 0) {
        throw new XenException(
            "the simulated host in "
                + dir
                + " did not resume domain "
                + domainId
                + "; see its log");
      }
      LockSupport.parkNanos(RESUME_LOOK_NANOS);
    }
  }

  /**
   * Returns what a domain holds now. The end of a process that was killed is seen a moment later
   * than it happens.
   *
   * @throws XenException if there is no such domain
   */
  public DomainAccounting accounting(int domainId) throws IOException {
    int nodes = xenStore.nodes(domainId);
    int watches = xenStore.watches(domainId);
    return server.call(
        () -> {
          Domain domain = hypervisor.domain(domainId);
          return new DomainAccounting(
              domain.grantedPages,
              domain.deferred.size(),
              domain.mappedPages,
              domain.portCount(),
              domain.processes.size(),
              nodes,
              watches);
        });
  }

  /**
   * Stops the host and removes what it had in its directory, and the directory itself. Processes
   * lose the host; pages that they have mapped stay theirs. Calling it again has no effect.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    stopAgent();
    server.close();
    xenStore.close();
    files.close();
    try {
      directory.clear();
      Files.deleteIfExists(directory.marker());
      lock.close();
      Files.deleteIfExists(directory.root());
    } catch (IOException e) {
      LOGGER.warn("files of the simulated host are left behind in {}", directory.root(), e);
    }
  }
}
