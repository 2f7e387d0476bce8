package io.xenshm.netty.ending;

import java.util.Collection;
import java.util.List;
import java.util.Set;

/** What both ends of an exchange saw. */
record EndingOutcome(End client, End server) {

  /** How much of what the other one meant to write came. */
  enum Bytes {
    NONE,
    PART,
    ALL
  }

  /**
   * What one end saw.
   *
   * @param bytes what it got of the other one's bytes
   * @param readBefore whether it got some of them before anybody ended the connection
   * @param events its user events and channelInactive, in order
   * @param exceptions what its pipeline was told
   * @param promises how its writes ended, and its own end
   */
  record End(
      Bytes bytes,
      boolean readBefore,
      List<String> events,
      Set<String> exceptions,
      Set<String> promises) {

    private boolean isOneOf(End seen, boolean faulty) {
      return bytes.compareTo(seen.bytes) >= 0 && isToldLike(seen, faulty);
    }

    private boolean isToldLike(End seen, boolean faulty) {
      return faulty
          ? seen.events.size() >= events.size()
              && seen.events.subList(0, events.size()).equals(events)
          : readBefore == seen.readBefore
              && events.equals(seen.events)
              && exceptions.equals(seen.exceptions)
              && promises.equals(seen.promises);
    }

    private boolean isFaultOfEpoll() {
      return exceptions.contains(EndingRun.FAULT_OF_EPOLL)
          || promises.stream().anyMatch(result -> result.endsWith(EndingRun.FAULT_OF_EPOLL));
    }

    private boolean isOneOfThose(Collection<End> seen) {
      return seen.stream().anyMatch(one -> isToldLike(one, one.isFaultOfEpoll()))
          && seen.stream().anyMatch(one -> bytes.compareTo(one.bytes) >= 0);
    }
  }

  /**
   * Whether this may be where {@code seen} is right: the same, and no byte less. Where epoll itself
   * failed at one end, ours may go on, so that neither end is told what came of the failure.
   */
  boolean isOneOf(EndingOutcome seen) {
    boolean faulty = seen.client.isFaultOfEpoll() || seen.server.isFaultOfEpoll();
    return client.isOneOf(seen.client, faulty) && server.isOneOf(seen.server, faulty);
  }

  /** The same, of two ends that do not wait for each other. */
  boolean endsAreOfThose(Collection<EndingOutcome> seen) {
    return client.isOneOfThose(seen.stream().map(EndingOutcome::client).toList())
        && server.isOneOfThose(seen.stream().map(EndingOutcome::server).toList());
  }

  @Override
  public String toString() {
    return "\n      client " + client + "\n      server " + server;
  }
}
