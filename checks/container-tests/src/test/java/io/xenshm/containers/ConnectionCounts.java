package io.xenshm.containers;

import io.xenshm.netty.XenShmMetrics;
import io.xenshm.netty.XenShmPathReason;

/** Prints which path the connections of a process took, and why. */
final class ConnectionCounts {
  private ConnectionCounts() {}

  /** Prints {@code PATH}, path, reason and number, for each reason that there was. */
  static void print() {
    for (XenShmPathReason reason : XenShmPathReason.values()) {
      long connections = XenShmMetrics.connections(reason);
      if (connections > 0) {
        System.out.println("PATH " + reason.path() + " " + reason + " " + connections);
      }
    }
  }
}
