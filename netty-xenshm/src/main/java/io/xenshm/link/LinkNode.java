package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * What all links of this process over one {@link Xen} share: its listeners, offers, idle memory,
 * watches. The first event loop that uses a {@code Xen} opens it, and the end of the last one
 * closes it.
 *
 * <p>All methods may be called from any thread.
 */
public final class LinkNode {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(LinkNode.class);
  private static final IdentityHashMap<Xen, LinkNode> NODES = new IdentityHashMap<>();

  /** Idle memory that is kept: a quarter of what gntalloc grants a guest by default. */
  private static final int MAX_IDLE_PAGES = 256;

  private static final int TIMER_IDLE_SECONDS = 10;

  private final Xen xen;
  private final ProcessRegistry processes;
  private final Listeners listeners;
  private final Offers offers;
  private final DomainEnds ends;
  private final MemoryPool pool;
  private final ParkedMemory parked = new ParkedMemory();
  private final PeerWatches peers;
  private final Witness witness;
  private final CompletableFuture<Void> ready;
  private final Map<Object, Loop> loops = new ConcurrentHashMap<>();
  private final ScheduledExecutorService warningTimer = newTimer("xenshm-warnings");
  private final PeerWarnings warnings = new PeerWarnings(warningTimer);

  /** Of its own: a log that blocks, or is slow, must not keep this process's signs of life back. */
  private final ScheduledExecutorService heartbeatTimer = newTimer("xenshm-heartbeat");

  private final PeerLimits limits = new PeerLimits(System::nanoTime, warnings);
  private final OfferBudget budget = new OfferBudget(limits, System::nanoTime);
  private final ListenerAnswers answers = new ListenerAnswers();
  private final LinkHeartbeats heartbeats = new LinkHeartbeats(heartbeatTimer);
  private final AtomicInteger clientPorts = new AtomicInteger((int) Nonces.next());
  private int users;

  private LinkNode(Xen xen) throws IOException {
    this.xen = xen;
    processes = new ProcessRegistry(xen::runtimeDirectory);
    pool = new MemoryPool(xen.grants(), MAX_IDLE_PAGES);
    offers = new Offers(xen, processes.ownNonce());
    ends = new DomainEnds(offers::forget, limits::forget);
    witness = new Witness(xen, processes.ownNonce(), new Publication());
    peers = new PeerWatches(xen, witness, this::forget);
    listeners = new Listeners(this, processes, budget);
    ready =
        new Sweeper(xen.xenStore(), xen.domainId(), processes)
            .sweep()
            .exceptionally(LinkNode::notSwept);
    witness.start();
  }

  /** Its thread exists only while something is to be done. No user code runs on it. */
  private static ScheduledExecutorService newTimer(String name) {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(null, task, name, 0, false);
              thread.setDaemon(true);
              thread.setContextClassLoader(null); // it may outlive whoever made the first link
              return thread;
            });
    timer.setKeepAliveTime(TIMER_IDLE_SECONDS, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /**
   * Returns the node of a {@code Xen}; {@link #release()} must follow.
   *
   * @throws IOException if this process cannot be registered in {@link Xen#runtimeDirectory()}
   * @throws IllegalArgumentException if a {@link PeerLimit}'s property is malformed
   */
  public static LinkNode acquire(Xen xen) throws IOException {
    synchronized (NODES) {
      LinkNode node = NODES.get(xen);
      if (node == null) {
        node = new LinkNode(xen);
        NODES.put(xen, node);
      }
      node.users++;
      return node;
    }
  }

  /**
   * Gives back what {@link #acquire} returned. The last release withdraws listeners and frees idle
   * memory.
   */
  public void release() {
    synchronized (NODES) {
      if (--users > 0) {
        return;
      }
      NODES.remove(xen);
    }
    warningTimer.shutdownNow();
    heartbeatTimer.shutdownNow();
    CompletableFuture<Void> withdrawn = witness.close();
    listeners.close();
    try {
      Listeners.await(withdrawn);
    } catch (IOException e) {
      logger.debug("The node of this process could not be removed", e);
    }
    peers.close();
    pool.close();
    processes.close();
  }

  private static Void notSwept(Throwable failure) {
    logger.debug("What dead processes left in XenStore stays until another one starts", failure);
    return null;
  }

  /**
   * Has an event loop told when its doorbells are of no use for new links any more.
   *
   * @param key for {@link #removeLoop}
   * @param loop runs what it is told
   * @param renewal opens new doorbells, and retires those from before; is given whether this domain
   *     was suspended and resumed
   */
  public void addLoop(Object key, Executor loop, Consumer<Boolean> renewal) {
    loops.put(key, new Loop(loop, renewal));
  }

  /** Takes back {@link #addLoop}. */
  public void removeLoop(Object key) {
    loops.remove(key);
  }

  private record Loop(Executor executor, Consumer<Boolean> renewal) {
    void renew(boolean resumed) {
      try {
        executor.execute(() -> renewal.accept(resumed));
      } catch (RejectedExecutionException e) {
        logger.debug("An event loop ended when its doorbells were to be renewed", e);
      }
    }
  }

  /** What is done where XenStore is another one. */
  private final class Publication implements Witness.Listener {
    @Override
    public void begin(boolean resumed, int domainId) throws IOException {
      boolean renewed = xen.refresh(domainId, resumed);
      if (resumed) {
        offers.forgetDirectories();
        peers.forgetAll();
        limits.forgetAll();
      }
      if (renewed || resumed) {
        pool.startAnew();
        parked.giveUpAll();
        loops.values().forEach(loop -> loop.renew(resumed));
      }
    }

    @Override
    public void publish() throws IOException {
      processes.register();
      offers.makeDirectoriesAgain(peers::hasLinks);
      listeners.announceAgain();
      peers.lookAgain();
    }
  }

  /** Returns the access to Xen. */
  public Xen xen() {
    return xen;
  }

  /** Returns a number for a client to call its own port; they repeat after some ten thousand. */
  public int nextClientPort() {
    return Listeners.FIRST_EPHEMERAL_PORT
        + Math.floorMod(clientPorts.getAndIncrement(), Listeners.EPHEMERAL_PORTS);
  }

  /** Returns this process's listeners. */
  public Listeners listeners() {
    return listeners;
  }

  Offers offers() {
    return offers;
  }

  MemoryPool pool() {
    return pool;
  }

  ParkedMemory parked() {
    return parked;
  }

  /** Returns the signs of life of this process's links. */
  public LinkHeartbeats heartbeats() {
    return heartbeats;
  }

  /** Returns who tells the log of what makes connections slower. */
  public PeerWarnings warnings() {
    return warnings;
  }

  /** Returns what each peer domain may take of this process. */
  public PeerLimits limits() {
    return limits;
  }

  /** A peer that only removed its nodes, to seem gone, answers for what it holds. */
  private void forget(int peerDomain) {
    pool.forget(peerDomain);
    limits.forgetIfIdle(peerDomain);
    ends.seemsGone(peerDomain);
  }

  OfferBudget budget() {
    return budget;
  }

  ListenerAnswers answers() {
    return answers;
  }

  PeerWatches peers() {
    return peers;
  }

  /** Completes when the nodes of this domain's dead processes are removed, or cannot be. */
  CompletableFuture<Void> ready() {
    return ready;
  }
}
