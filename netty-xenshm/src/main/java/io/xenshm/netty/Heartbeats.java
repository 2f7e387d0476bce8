package io.xenshm.netty;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.xenshm.link.Link;
import io.xenshm.link.LinkHeartbeats;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Looks at an event loop's rings as often as signs of life are given, for data for which no
 * doorbell was rung; and closes those whose peer gives none. The signs themselves are those of the
 * process, not of the loop. Belongs to the event loop.
 */
final class Heartbeats {

  /** One end of a ring. All methods run on the event loop that its port belongs to. */
  interface Beating {
    /** Returns the ring. */
    Link link();

    /** The peer showed no sign of life for too long. */
    void peerIsSilent(long millis);
  }

  private final LinkHeartbeats signs;
  private final Set<Beating> ends = new LinkedHashSet<>();
  private Future<?> timer;

  Heartbeats(LinkHeartbeats signs) {
    this.signs = signs;
  }

  /** Begins; {@code loop} is the calling thread's. */
  void add(Beating end, EventExecutor loop) {
    ends.add(end);
    signs.add(end.link(), () -> silent(end));
    if (timer == null) {
      long period = signs.periodMillis();
      timer = loop.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
    }
  }

  void remove(Beating end) {
    signs.remove(end.link());
    ends.remove(end);
    if (ends.isEmpty() && timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void look() {
    for (Beating end : new ArrayList<>(ends)) {
      if (!end.link().isClosed()) {
        end.link().look();
      }
    }
  }

  /** The peer may have come back while this loop was blocked. */
  private void silent(Beating end) {
    if (ends.contains(end) && signs.isSilent(end.link())) {
      end.peerIsSilent(signs.silenceMillis());
    }
  }
}
