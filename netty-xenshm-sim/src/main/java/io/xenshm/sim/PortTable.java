package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.xenshm.xen.XenException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The ports of one domain, in a file that every process maps. The host alone writes where a port
 * leads; the flags are updated by everybody, by compare-and-set. In the machine's byte order:
 *
 * <pre>
 * header, 64 bytes
 *   0  u32 magic 0x58505431 ("1TPX")
 *   4  u32 number of entries, this one included
 *   8  u32 overflows: how often a doorbell of this domain was full
 * entry of port N at 64 * N
 *   0  u64 route: remote domain &lt;&lt; 32 | remote port; 0 = there is no other end
 *   8  u32 doorbell of the EventChannels that bound the port; 0 = the port is free
 *  12  u32 flags
 *            bit 0  MASKED   the port is in its doorbell, or was taken from it and not unmasked
 *            bit 1  PENDING  an event came since
 *            bit 2  UNRUNG   the doorbell was full: the port is still to be put into it
 *            bits 8-31       how often the port was opened or closed
 * </pre>
 *
 * <p>The counter in the flags makes a compare-and-set fail if the port was closed and used again
 * since the route was read: an event is never charged to a channel whose doorbell does not get it.
 */
final class PortTable {
  static final int NO_DOORBELL = 0;
  static final long NO_ROUTE = 0;

  private static final int MAGIC = 0x58505431;
  private static final int ENTRY_SIZE = 64;

  private static final long MAGIC_OFFSET = 0;
  private static final long ENTRIES_OFFSET = 4;
  private static final long OVERFLOWS_OFFSET = 8;
  private static final long ROUTE_OFFSET = 0;
  private static final long DOORBELL_OFFSET = 8;
  private static final long FLAGS_OFFSET = 12;

  private static final int MASKED = 1;
  private static final int PENDING = 2;
  private static final int UNRUNG = 4;
  private static final int GENERATION = 0x100;
  private static final int GENERATION_MASK = -GENERATION;

  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final int entries;

  private PortTable(MemorySegment memory, int entries) {
    this.memory = memory;
    this.entries = entries;
  }

  /** Makes a table with ports 1 to {@code maxPorts}, all free. */
  static PortTable create(Path file, int maxPorts) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      int entries = maxPorts + 1;
      MemorySegment memory =
          channel.map(MapMode.READ_WRITE, 0, (long) entries * ENTRY_SIZE, Arena.ofAuto());
      INT.set(memory, ENTRIES_OFFSET, entries);
      INT.setRelease(memory, MAGIC_OFFSET, MAGIC);
      return new PortTable(memory, entries);
    }
  }

  static PortTable open(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MemorySegment memory = channel.map(MapMode.READ_WRITE, 0, channel.size(), Arena.ofAuto());
      if (memory.byteSize() < ENTRY_SIZE
          || (int) INT.getAcquire(memory, MAGIC_OFFSET) != MAGIC
          || (int) INT.get(memory, ENTRIES_OFFSET) != memory.byteSize() / ENTRY_SIZE) {
        throw new XenException(file + " is not a port table of this version");
      }
      return new PortTable(memory, (int) INT.get(memory, ENTRIES_OFFSET));
    }
  }

  static long route(int domainId, int port) {
    return (long) domainId << 32 | port;
  }

  static int domainOf(long route) {
    return (int) (route >>> 32);
  }

  static int portOf(long route) {
    return (int) route;
  }

  /** Returns the highest port number. */
  int maxPort() {
    return entries - 1;
  }

  boolean hasPort(int port) {
    return port > 0 && port < entries;
  }

  long route(int port) {
    return (long) LONG.getVolatile(memory, entry(port) + ROUTE_OFFSET);
  }

  void setRoute(int port, long route) {
    LONG.setVolatile(memory, entry(port) + ROUTE_OFFSET, route);
  }

  int doorbell(int port) {
    return (int) INT.getVolatile(memory, entry(port) + DOORBELL_OFFSET);
  }

  /** Shows a free port as bound, with no other end. */
  void open(int port, int doorbell) {
    setRoute(port, NO_ROUTE);
    newGeneration(port);
    INT.setVolatile(memory, entry(port) + DOORBELL_OFFSET, doorbell);
  }

  /** Shows a port as free. */
  void close(int port) {
    INT.setVolatile(memory, entry(port) + DOORBELL_OFFSET, NO_DOORBELL);
    setRoute(port, NO_ROUTE);
    newGeneration(port);
  }

  /** Returns the flags, to be given to {@link #raise} after the route was checked. */
  int flags(int port) {
    return (int) INT.getVolatile(memory, entry(port) + FLAGS_OFFSET);
  }

  /**
   * Raises an event.
   *
   * @param seen the flags as they were before the caller read where the port leads
   */
  Raised raise(int port, int seen) {
    if ((seen & MASKED) == 0) {
      return update(port, seen, seen | MASKED) ? Raised.RING : Raised.LOOK_AGAIN;
    }
    return update(port, seen, seen | PENDING) ? Raised.DONE : Raised.LOOK_AGAIN;
  }

  /** Marks a port as delivered whatever its state is; the caller rings. */
  void forceMasked(int port) {
    INT.getAndBitwiseOr(memory, entry(port) + FLAGS_OFFSET, MASKED);
  }

  /** Unmasks a port. Returns whether it is to be put into its doorbell again, masked. */
  boolean unmask(int port) {
    while (true) {
      int seen = flags(port);
      boolean again = (seen & PENDING) != 0;
      int next = again ? seen & ~PENDING : seen & ~MASKED;
      if (update(port, seen, next)) {
        return again;
      }
    }
  }

  /** Notes that a port could not be put into its doorbell, which was full. */
  void markUnrung(int port) {
    INT.getAndBitwiseOr(memory, entry(port) + FLAGS_OFFSET, UNRUNG);
    INT.getAndAdd(memory, OVERFLOWS_OFFSET, 1);
  }

  /** Takes the note back. Returns whether it was there. */
  boolean takeUnrung(int port) {
    int before = (int) INT.getAndBitwiseAnd(memory, entry(port) + FLAGS_OFFSET, ~UNRUNG);
    return (before & UNRUNG) != 0;
  }

  /** Returns how often a doorbell of this domain was full. */
  int overflows() {
    return (int) INT.getVolatile(memory, OVERFLOWS_OFFSET);
  }

  private void newGeneration(int port) {
    int seen = flags(port);
    while (!update(port, seen, (seen & GENERATION_MASK) + GENERATION)) {
      seen = flags(port);
    }
  }

  private boolean update(int port, int seen, int next) {
    return INT.compareAndSet(memory, entry(port) + FLAGS_OFFSET, seen, next);
  }

  private static long entry(int port) {
    return (long) port * ENTRY_SIZE;
  }

  /** What the caller of {@link #raise} has to do. */
  enum Raised {
    /** Nothing: the port is masked, and pending now. */
    DONE,
    /** Put the port into its doorbell. */
    RING,
    /** Something changed meanwhile: read flags and route again. */
    LOOK_AGAIN
  }
}
