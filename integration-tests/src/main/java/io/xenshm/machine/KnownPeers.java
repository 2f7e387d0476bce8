package io.xenshm.machine;

import io.xenshm.directory.PeerDirectories;
import io.xenshm.directory.PeerDirectory;
import io.xenshm.directory.PeerLookup;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.xen.Xen;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The table that dom0's agent shows this guest. */
final class KnownPeers implements AutoCloseable {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(600);

  private final PeerDirectory directory;

  KnownPeers(Xen xen) {
    this.directory = PeerDirectories.open(xen);
  }

  /** Waits until the table says of an address what is expected; the agent starts after us. */
  void await(String address, Outcome expected) throws Exception {
    long deadline = System.nanoTime() + WAIT_NANOS;
    PeerLookup found = lookup(address);
    while (found.outcome() != expected) {
      Report.require(
          System.nanoTime() < deadline, address + " is " + found + " still, not " + expected);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      found = lookup(address);
    }
  }

  PeerLookup lookup(String address) throws Exception {
    return directory
        .lookup(InetAddress.getByName(address))
        .toCompletableFuture()
        .get(WAIT_NANOS, TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    directory.close();
  }
}
