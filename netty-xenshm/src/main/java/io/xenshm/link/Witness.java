package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A node of this process's own that tells whether XenStore still has what this process wrote. Where
 * it is missing, so is everything else, and a missing node of a peer's says nothing of the peer:
 * either the daemon lost its contents, or this domain was suspended and resumed, and has another
 * directory. XenStore begins a new life then, and this process publishes itself again.
 *
 * <p>The watch on {@code domid} makes it look: it fires again after a lost connection and after a
 * resume. A resume leaves the connection to XenStore as it is, and mostly changes the domain's
 * number; the end of a daemon ends the connection.
 *
 * <p>All methods may be called from any thread. What takes time runs on a thread that lives only
 * while there is something to do.
 */
final class Witness {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(Witness.class);
  private static final long FIRST_RETRY_MILLIS = 50;
  private static final long LAST_RETRY_MILLIS = 2000;

  /** Is told on a thread that may wait. A step that fails is done again a moment later. */
  interface Listener {
    /**
     * A life begins. Is called until it succeeded, then not again for this life.
     *
     * @param resumed whether this domain was suspended and resumed
     * @param domainId this domain's number
     */
    void begin(boolean resumed, int domainId) throws IOException;

    /** Publishes again what this process had published before. */
    void publish() throws IOException;
  }

  /**
   * What is known of XenStore's present life.
   *
   * @param number counts the lives, from 1
   * @param value what the node says
   * @param connection the connection through which the life was found
   * @param resumed whether this life began with a resume
   * @param step what was done for it
   */
  private record Life(int number, String value, int connection, boolean resumed, Step step) {
    Life after(Step done) {
      return new Life(number, value, connection, resumed, done);
    }

    boolean has(Step done) {
      return step.compareTo(done) >= 0;
    }
  }

  private enum Step {
    ASSUMED,
    FOUND,
    BEGUN,
    PUBLISHED,
    /** The node is written. */
    COMPLETE
  }

  private final Xen xen;
  private final XenStore store;
  private final String node;
  private final Listener listener;
  private final Object lock = new Object();
  private volatile Life life;
  private CompletableFuture<Watch> watch; // lock
  private boolean fired; // lock
  private boolean wanted; // lock
  private boolean running; // lock
  private boolean closed; // lock

  Witness(Xen xen, String process, Listener listener) {
    this.xen = xen;
    this.listener = listener;
    store = xen.xenStore();
    node = StorePaths.process(process);
    life = new Life(1, "", store.connection(), false, Step.ASSUMED);
  }

  void start() {
    CompletableFuture<Watch> registered;
    synchronized (lock) {
      if (closed) {
        return;
      }
      registered = store.watch("domid", path -> look(true));
      watch = registered;
    }
    registered.whenComplete(
        (done, failure) -> {
          if (isPassing(failure)) {
            CompletableFuture.delayedExecutor(LAST_RETRY_MILLIS, TimeUnit.MILLISECONDS)
                .execute(this::start);
          } else if (failure != null) {
            logger.warn("A resume of this guest will not be noticed: no watch on domid", failure);
          }
        });
  }

  /** Says whether a request failed because XenStore is away for now. */
  static boolean isPassing(Throwable failure) {
    return failure instanceof XenStoreException refused
        && (refused.code() == Code.DISCONNECTED || refused.code() == Code.TIMEOUT);
  }

  /**
   * Says whether XenStore still has all that was seen through a connection: what is missing now is
   * missing by itself.
   *
   * @param connection {@link XenStore#connection()} of then
   * @return false also where that cannot be told now; never fails
   */
  CompletableFuture<Boolean> isStillAsOf(int connection) {
    Life asked = life;
    if (connection < asked.connection) {
      return CompletableFuture.completedFuture(false);
    }
    if (!asked.has(Step.COMPLETE)) {
      return CompletableFuture.completedFuture(asked.connection == store.connection());
    }
    return store
        .readString(node)
        .handle(
            (value, failure) -> {
              if (failure == null && value.equals(asked.value)) {
                return life.number == asked.number;
              }
              if (failure == null || PeerWatches.isMissing(failure)) {
                look(false);
              }
              return false;
            });
  }

  private void look(boolean byWatch) {
    synchronized (lock) {
      fired |= byWatch;
      wanted = true;
      if (running || closed) {
        return;
      }
      running = true;
    }
    Thread.ofPlatform().daemon().name("xenshm-witness").start(this::run);
  }

  private void run() {
    long retryMillis = FIRST_RETRY_MILLIS;
    while (takeWanted()) {
      try {
        pass();
        retryMillis = FIRST_RETRY_MILLIS;
      } catch (IOException | RuntimeException e) {
        logger.debug("XenStore cannot be told of this process yet", e);
        // Of a connection that is up again, the watch tells.
        if (store.isConnected()) {
          waitToTryAgain(retryMillis);
          retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
        }
      }
    }
  }

  private boolean takeWanted() {
    synchronized (lock) {
      running = wanted && !closed;
      wanted = false;
      lock.notifyAll();
      return running;
    }
  }

  private void waitToTryAgain(long millis) {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    synchronized (lock) {
      wanted = true;
      try {
        while (!closed && deadline - System.nanoTime() > 0) {
          TimeUnit.NANOSECONDS.timedWait(lock, deadline - System.nanoTime());
        }
      } catch (InterruptedException e) {
        closed = true; // nobody but the end of the process interrupts this thread
      }
    }
  }

  private void pass() throws IOException {
    Life now = life;
    int connection = store.connection();
    int domain = ownDomain();
    boolean first = !now.has(Step.FOUND);
    boolean renumbered = !first && domain != xen.domainId();
    boolean missing = now.has(Step.COMPLETE) && !now.value.equals(readNode());
    // Listeners may have been announced through a connection that was lost before the first look.
    boolean unclear = !now.has(Step.COMPLETE) && connection != now.connection;
    boolean byWatch = takeFired();
    if (first || renumbered || missing || unclear) {
      boolean sameConnection = connection == now.connection && connection == store.connection();
      boolean resumed = renumbered || (missing && byWatch && sameConnection);
      now = nextLife(now, first && !unclear ? 0 : 1, connection, resumed);
      life = now;
      if (now.number > 1) {
        logger.info(
            resumed
                ? "This guest was suspended and resumed, as domain {}: it publishes itself again"
                : "XenStore lost its contents: domain {} publishes itself again",
            domain);
      }
    }
    complete(now, domain);
  }

  /** Asked last: of all watches that fire after a resume, that on domid may be the last. */
  private boolean takeFired() {
    synchronized (lock) {
      boolean taken = fired;
      fired = false;
      return taken;
    }
  }

  private static Life nextLife(Life before, int step, int connection, boolean resumed) {
    return new Life(
        before.number + step,
        Nonces.format(Nonces.next()),
        connection,
        resumed || (before.resumed && !before.has(Step.BEGUN)),
        Step.FOUND);
  }

  /** The node comes last: where it is there, everything is. */
  private void complete(Life found, int domain) throws IOException {
    Life now = found;
    if (!now.has(Step.BEGUN)) {
      listener.begin(now.resumed, domain);
      now = done(now, Step.BEGUN);
    }
    if (!now.has(Step.PUBLISHED)) {
      if (now.number > 1) {
        listener.publish();
      }
      now = done(now, Step.PUBLISHED);
    }
    if (!now.has(Step.COMPLETE)) {
      Listeners.await(store.write(node, now.value));
      if (store.connection() != now.connection) {
        // Written to a XenStore that may not have what was published before.
        throw new XenException("the connection to XenStore changed during the publication");
      }
      done(now, Step.COMPLETE);
    }
  }

  private Life done(Life now, Step step) {
    Life next = now.after(step);
    life = next;
    return next;
  }

  private int ownDomain() throws IOException {
    String text = Listeners.await(store.readString("domid")).strip();
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new XenException("XenStore's node 'domid' holds no number, but '" + text + "'", e);
    }
  }

  /** Returns what the node says; empty where it is missing. */
  private String readNode() throws IOException {
    return Listeners.await(
        store
            .read(node)
            .thenApply(value -> new String(value, StandardCharsets.US_ASCII))
            .exceptionallyCompose(
                failure ->
                    PeerWatches.isMissing(failure)
                        ? CompletableFuture.completedFuture("")
                        : CompletableFuture.failedFuture(failure)));
  }

  /** Ends the watch and removes the node; completes when XenStore knows. */
  CompletableFuture<Void> close() {
    CompletableFuture<Watch> registered;
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
      registered = watch;
      try {
        while (running) {
          lock.wait();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    CompletableFuture<Void> cancelled =
        registered == null || registered.isCompletedExceptionally()
            ? CompletableFuture.completedFuture(null)
            : registered.thenCompose(Watch::cancel);
    return CompletableFuture.allOf(
        cancelled,
        life.has(Step.COMPLETE)
            ? Sweeper.ignoreMissing(store.remove(node))
            : CompletableFuture.completedFuture(null));
  }
}
