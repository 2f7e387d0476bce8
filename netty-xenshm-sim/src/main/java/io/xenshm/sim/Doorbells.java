package io.xenshm.sim;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.util.HashMap;
import java.util.Map;

/**
 * The doorbells of peers that a process has open: one descriptor each, however many ports lead
 * there. All methods may be called from any thread.
 */
final class Doorbells {
  private final HostDirectory directory;
  private final Map<Integer, Shared> open = new HashMap<>();

  Doorbells(HostDirectory directory) {
    this.directory = directory;
  }

  /** Returns a doorbell, to be given back by {@link #release}; null if its owner is gone. */
  synchronized Doorbell acquire(int number) throws XenException {
    Shared shared = open.get(number);
    if (shared == null) {
      try {
        shared = new Shared(Doorbell.open(directory.doorbell(number), number));
      } catch (PosixException e) {
        if (e.errno() == Posix.ENOENT) {
          return null;
        }
        throw new XenException("cannot open a peer's doorbell: " + e.getMessage(), e);
      }
      open.put(number, shared);
    }
    shared.users++;
    return shared.doorbell;
  }

  synchronized void release(Doorbell doorbell) {
    Shared shared = open.get(doorbell.number());
    if (--shared.users == 0) {
      open.remove(doorbell.number());
      doorbell.close();
    }
  }

  private static final class Shared {
    final Doorbell doorbell;
    int users;

    Shared(Doorbell doorbell) {
      this.doorbell = doorbell;
    }
  }
}
