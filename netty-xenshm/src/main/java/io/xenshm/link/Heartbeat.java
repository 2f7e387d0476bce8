package io.xenshm.link;

import io.xenshm.xen.MemoryFaults;

/**
 * The signs of life of one link's two ends: a word in the shared memory for each. The process's
 * {@link LinkHeartbeats} change the own one and look at the peer's, on a thread that is no event
 * loop; {@link #end()} comes before the memory is given back. May be used from any thread.
 */
final class Heartbeat {
  private final DescriptorPage descriptor;
  private final Role role;
  private int own;
  private int peer;
  private boolean ended;
  private volatile int silentLooks;

  Heartbeat(DescriptorPage descriptor, Role role) {
    this.descriptor = descriptor;
    this.role = role;
  }

  /**
   * Shows the peer that this process lives, and looks whether it did the same since the last call.
   *
   * @return how many times in a row it did not
   * @throws InternalError if the memory is gone, once
   */
  synchronized int beat() {
    if (ended) {
      return 0;
    }
    int seen;
    try {
      descriptor.setBeat(role.ownBeatOffset, ++own);
      seen = descriptor.beat(role.peerBeatOffset);
      MemoryFaults.tell();
    } catch (InternalError e) {
      ended = true;
      throw e;
    }
    int silent = seen == peer ? silentLooks + 1 : 0;
    peer = seen;
    silentLooks = silent;
    return silent;
  }

  /** Returns how many times in a row the peer showed no sign of life. */
  int silentLooks() {
    return silentLooks;
  }

  /** The memory is not touched any more. */
  synchronized void end() {
    ended = true;
  }
}
