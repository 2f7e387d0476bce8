package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Warns of what makes connections with a peer slower: at once, and while it goes on once a minute,
 * with how often it happened since. May be used from any thread.
 */
public final class PeerWarnings {
  static final long INTERVAL_SECONDS = 60;

  /** More at a time are not told: who makes up peers does not fill the memory. */
  private static final int MAX_GOING_ON = 1024;

  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(PeerWarnings.class);

  private final ScheduledExecutorService timer;
  private final Map<Key, GoingOn> all = new HashMap<>();

  private record Key(Object peer, Object cause) {}

  private static final class GoingOn {
    private String text;
    private long since;
  }

  PeerWarnings(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  /**
   * Warns, unless the same was told less than a minute ago: then it is counted.
   *
   * @param peer a domain, or an address where the domain is not known
   * @param cause why it happens, equal for all that is to be told together
   * @param text names limit, value and the next step
   */
  public void warn(Object peer, Object cause, String text) {
    Key key = new Key(peer, cause);
    synchronized (this) {
      GoingOn known = all.get(key);
      if (known != null) {
        known.text = text;
        known.since++;
        return;
      }
      if (all.size() >= MAX_GOING_ON || !tellsAgain(key)) {
        return;
      }
      all.put(key, new GoingOn());
    }
    logger.warn(text);
  }

  private boolean tellsAgain(Key key) {
    try {
      timer.schedule(() -> intervalEnds(key), INTERVAL_SECONDS, TimeUnit.SECONDS);
      return true;
    } catch (RejectedExecutionException e) {
      logger.debug("The last event loop has ended", e);
      return false;
    }
  }

  private void intervalEnds(Key key) {
    GoingOn ended;
    synchronized (this) {
      ended = all.remove(key);
      if (ended.since > 0 && tellsAgain(key)) {
        all.put(key, new GoingOn());
      }
    }
    if (ended.since > 0) {
      logger.warn("{} ({} times more in {} s)", ended.text, ended.since, INTERVAL_SECONDS);
    }
  }
}
