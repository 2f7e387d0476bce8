package io.xenshm.link;

import io.xenshm.xen.Xen;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Looks at the memory of ended links that a client in this JVM may offer again. */
public final class Parking {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

  private Parking() {}

  /** Waits until there is memory of so many links. */
  public static void await(Xen client, int links) throws IOException {
    LinkNode node = LinkNode.acquire(client);
    try {
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      while (node.parked().size() != links) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(node.parked().size() + " links' memory is parked, not " + links);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } finally {
      node.release();
    }
  }
}
