package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A FIFO that carries the numbers of ports with an event, u32 in the machine's byte order, to the
 * {@code EventChannels} that bound them. Both sides open it for reading and writing, so that
 * opening never waits and no hang-up is ever seen.
 *
 * <p>All methods may be called from any thread. A write of four bytes is atomic.
 */
final class Doorbell {
  private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(Doorbell.class);

  private final int number;
  private final int fileDescriptor;
  private final MemorySegment event = Arena.ofAuto().allocate(JAVA_INT);
  private boolean closed;

  private Doorbell(int number, int fileDescriptor) {
    this.number = number;
    this.fileDescriptor = fileDescriptor;
  }

  /** Opens a doorbell that exists. */
  static Doorbell open(Path fifo, int number) throws PosixException {
    return new Doorbell(
        number, Posix.open(fifo.toString(), Posix.O_RDWR | Posix.O_NONBLOCK | Posix.O_CLOEXEC));
  }

  int number() {
    return number;
  }

  int fileDescriptor() {
    return fileDescriptor;
  }

  /**
   * Puts a port into the doorbell. Loses no event where the FIFO is full.
   *
   * @param table the table that has the port
   * @return false if this object is closed
   */
  boolean ring(PortTable table, int port) throws XenException {
    Rung rung = tryRing(port);
    if (rung == Rung.FULL) {
      // The owner looks at the overflow counter after each read: if the FIFO is still full after
      // it was counted, a read is still to come.
      table.markUnrung(port);
      rung = tryRing(port);
      if (rung == Rung.DONE) {
        table.takeUnrung(port);
      }
    }
    return rung != Rung.CLOSED;
  }

  private synchronized Rung tryRing(int port) throws XenException {
    if (closed) {
      return Rung.CLOSED;
    }
    event.set(JAVA_INT, 0, port);
    try {
      return Posix.tryWrite(fileDescriptor, event) > 0 ? Rung.DONE : Rung.FULL;
    } catch (PosixException e) {
      throw new XenException("cannot ring doorbell " + Integer.toUnsignedString(number), e);
    }
  }

  synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      Posix.close(fileDescriptor);
    } catch (PosixException e) {
      LOGGER.warn("closing doorbell {}", Integer.toUnsignedString(number), e);
    }
  }

  private enum Rung {
    DONE,
    FULL,
    CLOSED
  }
}
