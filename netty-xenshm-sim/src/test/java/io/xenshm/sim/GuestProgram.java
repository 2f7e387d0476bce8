package io.xenshm.sim;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * A process of domain 2 that maps a page of domain 1, grants one to it, binds a port of domain 1,
 * sets the byte at 100 of both pages and asks for notification there.
 */
final class GuestProgram {
  static final long FLAG = 100;

  private GuestProgram() {}

  /** Arguments: the host's directory, domain 1's reference, domain 1's port. */
  public static void main(String[] args) throws Exception {
    try (SimulatedXen xen = SimulatedXen.open(Path.of(args[0]), 2);
        EventChannels channels = xen.openEventChannels();
        SharedPages granted = xen.grants().grant(1, 1);
        SharedPages mapped = xen.grants().map(1, Integer.parseInt(args[1]))) {
      int port = channels.bindInterdomain(1, Integer.parseInt(args[2]));
      for (SharedPages pages : new SharedPages[] {granted, mapped}) {
        pages.memory().set(ValueLayout.JAVA_BYTE, FLAG, (byte) 1);
        pages.notifyOnUnmap(FLAG, channels, port);
      }
      System.out.println(ChildJvm.READY + " " + granted.references()[0]);
      new CountDownLatch(1).await();
    }
  }
}
