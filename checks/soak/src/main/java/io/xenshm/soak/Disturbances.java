package io.xenshm.soak;

import java.util.ArrayList;
import java.util.List;

/**
 * What was done to peers, and when. A failure of an operation is right only if something was done
 * to one of its ends while it ran, or shortly before. For one thread.
 */
final class Disturbances {
  /** For so long afterwards others may still see the consequence. */
  private static final long AFTERMATH_NANOS = 15_000_000_000L;

  private final List<Disturbance> all = new ArrayList<>();

  private static final class Disturbance {
    private final Peer peer;
    private final String what;
    private long ended = Long.MAX_VALUE;

    Disturbance(Peer peer, String what) {
      this.peer = peer;
      this.what = what;
    }
  }

  void begin(Peer peer, String what) {
    all.add(new Disturbance(peer, what));
  }

  void end(Peer peer) {
    long until = System.nanoTime() + AFTERMATH_NANOS;
    all.stream()
        .filter(each -> each.peer == peer && each.ended == Long.MAX_VALUE)
        .forEach(each -> each.ended = until);
  }

  /** Returns what was done to one of two peers since a moment; {@code null} if nothing was. */
  String since(long began, Peer client, Peer server) {
    return all.stream()
        .filter(each -> each.peer == client || each.peer == server)
        .filter(each -> each.ended - began > 0 || each.ended == Long.MAX_VALUE)
        .map(each -> each.what)
        .findFirst()
        .orElse(null);
  }

  int count() {
    return all.size();
  }
}
