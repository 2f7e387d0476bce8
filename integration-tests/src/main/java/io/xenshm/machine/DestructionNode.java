package io.xenshm.machine;

import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore.Watch;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The node that dom0 writes for the other guests when it has destroyed one. */
final class DestructionNode {
  private static final String NODE = "data/machine/destroyed";
  private static final long WAIT_SECONDS = 120;

  private final BlockingQueue<Long> firings = new LinkedBlockingQueue<>();
  private final Watch watch;

  /** Starts to watch; the firing that tells of the registration is taken. */
  DestructionNode(Xen xen) throws Exception {
    watch =
        xen.xenStore()
            .watch(NODE, path -> firings.add(System.nanoTime()))
            .get(WAIT_SECONDS, TimeUnit.SECONDS);
    await();
  }

  /** Waits for the node; returns when it came, by {@link System#nanoTime}. */
  long await() throws Exception {
    Long time = firings.poll(WAIT_SECONDS, TimeUnit.SECONDS);
    Report.require(time != null, "dom0 did not write " + NODE + " in " + WAIT_SECONDS + " s");
    return time;
  }

  void cancel() throws Exception {
    watch.cancel().get(WAIT_SECONDS, TimeUnit.SECONDS);
  }
}
