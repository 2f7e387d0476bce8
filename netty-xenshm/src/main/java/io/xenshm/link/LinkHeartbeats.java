package io.xenshm.link;

import io.netty.util.internal.SystemPropertyUtil;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Shows the peers of this process's links that the process lives, and looks whether they do. It
 * finds what nothing else tells: a guest that hangs, is paused, or is kept after a crash. No event
 * loop takes part: one that a handler blocks is neither taken for dead, nor takes others for it.
 * May be used from any thread.
 */
public final class LinkHeartbeats {
  /**
   * System property: how long a peer may show no sign of life, in seconds, before its links are
   * given up; 0 to wait for ever. The default is 30. Read when the first event loop opens a {@link
   * io.xenshm.xen.Xen}.
   */
  public static final String SILENCE_PROPERTY = "xenshm.peerSilenceSeconds";

  /** The longest time between two signs of life. */
  private static final long MAX_PERIOD_MILLIS = TimeUnit.SECONDS.toMillis(10);

  private static final int DEFAULT_SILENCE_SECONDS = 30;

  /** Looks in vain after which a peer counts as dead. */
  private static final int MAX_SILENT_LOOKS = 3;

  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(LinkHeartbeats.class);

  private final ScheduledExecutorService timer;
  private final long silenceMillis;
  private final Map<Link, Runnable> links = new ConcurrentHashMap<>();

  /** Null while there are no links. Guarded by this. */
  private Future<?> pass;

  /**
   * Reads the system property.
   *
   * @param timer runs on a thread that no user code can block
   */
  LinkHeartbeats(ScheduledExecutorService timer) {
    this.timer = timer;
    silenceMillis =
        TimeUnit.SECONDS.toMillis(
            Math.max(0, SystemPropertyUtil.getInt(SILENCE_PROPERTY, DEFAULT_SILENCE_SECONDS)));
  }

  /** Returns how long a peer may show no sign of life, in milliseconds; 0 for ever. */
  public long silenceMillis() {
    return silenceMillis;
  }

  /** Returns the time between two signs of life, in milliseconds. */
  public long periodMillis() {
    return silenceMillis == 0
        ? MAX_PERIOD_MILLIS
        : Math.min(MAX_PERIOD_MILLIS, Math.max(1, silenceMillis / MAX_SILENT_LOOKS));
  }

  /**
   * Begins; the end of the link ends it too.
   *
   * @param silent is run at the link's home where the peer shows no sign of life for too long; it
   *     asks {@link #isSilent} again, since home may have been blocked
   */
  public void add(Link link, Runnable silent) {
    links.put(link, silent);
    synchronized (this) {
      if (pass == null) {
        begin();
      }
    }
  }

  private void begin() {
    try {
      // Not at a fixed rate: after a pause of this process, looks in a row would find no sign.
      pass =
          timer.scheduleWithFixedDelay(
              this::beat, periodMillis(), periodMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("The last event loop has ended", e);
    }
  }

  /** Ends it. */
  public void remove(Link link) {
    links.remove(link);
  }

  /** Says whether a link's peer shows no sign of life for too long. */
  public boolean isSilent(Link link) {
    return silenceMillis > 0 && link.silentLooks() >= MAX_SILENT_LOOKS;
  }

  private void beat() {
    try {
      links.forEach(this::beat);
    } catch (RuntimeException | Error e) {
      passFailed(e);
    }
    synchronized (this) {
      if (links.isEmpty() && pass != null) {
        pass.cancel(false);
        pass = null;
      }
    }
  }

  /**
   * The next pass must come, also where there is no memory to tell of it: without it the peers
   * would take this process for dead.
   */
  private void passFailed(Throwable cause) {
    try {
      logger.warn("Signs of life of some connections are late", cause);
      links.keySet().forEach(Link::memoryMayBeGone);
    } catch (RuntimeException | Error unspoken) {
      return; // the next pass comes all the same
    }
  }

  private void beat(Link link, Runnable silent) {
    if (link.isClosed()) {
      links.remove(link);
      return;
    }
    try {
      int silentLooks = link.beat();
      if (silenceMillis > 0 && silentLooks >= MAX_SILENT_LOOKS) {
        link.executeAtHome(silent);
      }
    } catch (InternalError e) {
      links.remove(link);
      link.memoryMayBeGone();
    } catch (IllegalStateException e) {
      links.remove(link);
      logger.debug("The memory of a link with domain {} was closed", link.peerDomain(), e);
    } catch (RuntimeException e) {
      logger.warn("The silence of domain {} could not be told", link.peerDomain(), e);
    }
  }
}
