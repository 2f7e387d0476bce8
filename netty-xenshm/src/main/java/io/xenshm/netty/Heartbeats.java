package io.xenshm.netty;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.SystemPropertyUtil;
import io.xenshm.link.Link;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Signs of life between the ends of an event loop's rings. They find what nothing else tells: a
 * guest that hangs, is paused, or is kept after a crash; and data for which no doorbell was rung.
 * Belongs to the event loop.
 */
final class Heartbeats {

  /** One end of a ring. All methods run on the event loop that its port belongs to. */
  interface Beating {
    /**
     * Shows the peer that this end lives, and looks for what came without a ring of the doorbell.
     *
     * @return how many times in a row the peer did not show that it lives
     */
    int beat();

    /** The peer showed no sign of life for too long. */
    void peerIsSilent(long millis);
  }

  /**
   * System property: how long a peer may show no sign of life, in seconds, before its connections
   * are closed; 0 to wait for ever. The default is 30. The peer's event loop gives the signs: one
   * that is blocked for so long counts as dead too.
   */
  static final String SILENCE_PROPERTY = "xenshm.peerSilenceSeconds";

  private static final int DEFAULT_SILENCE_SECONDS = 30;

  /** Looks in vain after which a peer counts as dead. */
  private static final int MAX_SILENT_LOOKS = 3;

  private final long silenceMillis;
  private final Set<Beating> ends = new LinkedHashSet<>();
  private Future<?> timer;

  Heartbeats() {
    this(
        TimeUnit.SECONDS.toMillis(
            Math.max(0, SystemPropertyUtil.getInt(SILENCE_PROPERTY, DEFAULT_SILENCE_SECONDS))));
  }

  Heartbeats(long silenceMillis) {
    this.silenceMillis = silenceMillis;
  }

  /** Begins; {@code loop} is the calling thread's. */
  void add(Beating end, EventExecutor loop) {
    ends.add(end);
    if (timer == null) {
      long period = periodMillis();
      // Not at a fixed rate: after a pause of this process, looks in a row would find no sign.
      timer = loop.scheduleWithFixedDelay(this::beat, period, period, TimeUnit.MILLISECONDS);
    }
  }

  private long periodMillis() {
    long longest = TimeUnit.SECONDS.toMillis(Link.BEAT_SECONDS);
    return silenceMillis == 0
        ? longest
        : Math.min(longest, Math.max(1, silenceMillis / MAX_SILENT_LOOKS));
  }

  void remove(Beating end) {
    ends.remove(end);
    if (ends.isEmpty() && timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void beat() {
    for (Beating end : new ArrayList<>(ends)) {
      int silentLooks = end.beat();
      if (silenceMillis > 0 && silentLooks >= MAX_SILENT_LOOKS) {
        end.peerIsSilent(silenceMillis);
      }
    }
  }
}
