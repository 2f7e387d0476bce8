package io.xenshm.agent;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.directory.PeerEntry;
import io.xenshm.xen.AgentProvider;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * dom0's agent: watches the host's guests and their network cards, and keeps each guest's own view
 * of the table current. What a guest is shown stays when the agent ends, and is taken over by the
 * next one.
 *
 * <p>One thread of its own does the work. It reads all guests anew after a change, at the latest
 * once a minute, and writes what differs. What fails is logged and done again a second later, but
 * for an {@link Error}, which ends the work: see {@link #awaitError()}.
 *
 * <p>All methods may be called from any thread.
 */
public final class DirectoryAgent implements AgentProvider.Agent {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(DirectoryAgent.class);

  /** Nodes of dom0's that tell of guests and cards. A watch needs no node to be there. */
  private static final List<String> WATCHED =
      List.of(
          "@introduceDomain",
          "@releaseDomain",
          "/local/domain/0/backend/vif",
          "/libxl",
          "/xenops/domain",
          "/xapi");

  private static final long STORE_TIMEOUT_SECONDS = 60;
  private static final long SETTLE_MILLIS = 50; // a guest's creation is a burst of changes
  private static final long PAUSE_FACTOR = 4;
  private static final long TICK_MILLIS = 1000; // for the policy file
  private static final long RETRY_MILLIS = 1000;
  private static final long FULL_PASS_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final XenStore store;
  private final AgentConfig config;
  private final PolicyFile policy;
  private final ViewWriter writer;
  private final ClaimWatches claims;
  private final ScheduledThreadPoolExecutor executor;
  private final List<Watch> watches = new ArrayList<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  private final CompletableFuture<Error> error = new CompletableFuture<>();

  /** XenStore may be another one: what was written may not be there any more. */
  private volatile boolean reconnected;

  private volatile long passMillis;

  // Of the executor's thread alone.
  private Set<String> conflicts = Set.of();
  private long lastPass;
  private boolean failing;

  private DirectoryAgent(XenStore store, AgentConfig config) throws IOException {
    this.store = store;
    this.config = config;
    policy = new PolicyFile(config.policy());
    writer = new ViewWriter(store);
    claims = new ClaimWatches(store, path -> changed());
    executor = new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("xenshm-agent", true));
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Starts an agent. When this returns, each guest that was there has its view.
   *
   * @param store dom0's connection; it stays the caller's
   * @throws IOException if the policy file cannot be read or is malformed, or XenStore refuses
   */
  public static DirectoryAgent start(XenStore store, AgentConfig config) throws IOException {
    DirectoryAgent agent = new DirectoryAgent(store, config);
    boolean started = false;
    try {
      for (String path : WATCHED) {
        agent.watches.add(await(store.watch(path, at -> agent.changed(at, path))));
      }
      agent.firstPass();
      started = true;
      return agent;
    } finally {
      if (!started) {
        agent.close();
      }
    }
  }

  /**
   * Removes the views of all guests, for a host whose agent is not to come back.
   *
   * @throws IOException if XenStore refuses
   */
  public static void clear(XenStore store) throws IOException {
    ViewWriter writer = new ViewWriter(store);
    for (Guest guest : await(new HostReader(store, Set.of()).read())) {
      await(writer.remove(guest.domainId()));
    }
  }

  private void changed(String path, String watched) {
    if (path.equals(watched) && watched.startsWith("/local")) {
      reconnected = true; // a watch fires so at its registration
    }
    if (path.equals(watched) || CardReader.isAbout(path)) {
      changed();
    }
  }

  /** The next pass waits for what comes with the change, and leaves dom0 most of its time. */
  private void changed() {
    schedule(Math.max(SETTLE_MILLIS, PAUSE_FACTOR * passMillis));
  }

  private void schedule(long millis) {
    if (scheduled.compareAndSet(false, true)) {
      try {
        executor.schedule(this::work, millis, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        logger.debug("A change after the agent's end", e);
      } catch (Error e) {
        error.complete(e); // nothing is scheduled, and nobody would do it again
        throw e;
      }
    }
  }

  private void firstPass() throws IOException {
    try {
      executor
          .submit(
              () -> {
                pass();
                return null;
              })
          .get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new XenException("" + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new XenException("interrupted at the agent's start", e);
    }
    executor.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void tick() {
    try {
      if (policy.refresh() || System.nanoTime() - lastPass > FULL_PASS_NANOS) {
        changed();
      }
    } catch (RuntimeException e) {
      logger.error("The policy cannot be looked at, trying again", e);
    } catch (Error e) {
      error.complete(e);
      throw e;
    }
  }

  private void work() {
    scheduled.set(false);
    try {
      pass();
      if (failing) {
        failing = false;
        logger.info("The guests' tables are up to date again");
      }
    } catch (IOException e) {
      if (!failing) {
        logger.warn("The guests' tables cannot be brought up to date, trying again: {}", "" + e);
      }
      tryAgain();
    } catch (RuntimeException e) {
      logger.error("The guests' tables cannot be brought up to date, trying again", e);
      tryAgain();
    } catch (Error e) {
      error.complete(e);
      throw e;
    }
  }

  private void tryAgain() {
    failing = true;
    schedule(RETRY_MILLIS);
  }

  private void pass() throws IOException {
    if (reconnected) {
      reconnected = false;
      writer.forgetAll();
    }
    long start = System.nanoTime();
    update();
    lastPass = System.nanoTime();
    passMillis = TimeUnit.NANOSECONDS.toMillis(lastPass - start);
  }

  private void update() throws IOException {
    List<Guest> guests = await(new HostReader(store, config.trustedGuests()).read());
    HostTable table = new HostTable(guests, policy.policy());
    Set<Integer> domains = new HashSet<>();
    IOException failure = null;
    for (Guest guest : guests) {
      domains.add(guest.domainId());
      List<PeerEntry> view = table.viewOf(guest);
      try {
        if (await(writer.write(guest.domainId(), view))) {
          logger.debug("Table of {}: {} entries", guest.label(), view.size());
        }
      } catch (IOException e) {
        failure = e; // the others are to have theirs
      }
    }
    writer.retain(domains);
    claims.watch(guests.stream().filter(guest -> guest.isNamed(config.trustedGuests())).toList());
    tellConflicts(table.conflicts());
    if (failure != null) {
      throw failure;
    }
  }

  private void tellConflicts(Set<String> now) {
    Set<String> fresh = new TreeSet<>(now);
    fresh.removeAll(conflicts);
    fresh.forEach(conflict -> logger.warn("{}: it is shown to nobody", conflict));
    conflicts = now;
  }

  /**
   * Waits until an error ends the agent's work, as where memory runs out: the process is to be
   * started anew.
   *
   * @return the error
   */
  public Error awaitError() throws InterruptedException {
    try {
      return error.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // it completes with the error as its value
    }
  }

  private static <T> T await(CompletableFuture<T> future) throws IOException {
    try {
      return future.get(STORE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw cause instanceof IOException io ? io : new XenException("XenStore: " + cause, cause);
    } catch (TimeoutException e) {
      throw new XenException(
          "XenStore does not answer within " + STORE_TIMEOUT_SECONDS + " s; does its daemon run?",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new XenException("interrupted while waiting for XenStore", e);
    }
  }

  /** Ends the agent. The guests keep what they were shown last. */
  @Override
  public void close() {
    watches.forEach(Watch::cancel);
    executor.shutdown();
    boolean interrupted = false;
    while (!executor.isTerminated()) {
      try {
        executor.awaitTermination(STORE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    claims.watch(List.of());
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
