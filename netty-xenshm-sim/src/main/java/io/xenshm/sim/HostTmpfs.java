package io.xenshm.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/** The host's files in its directory. For one thread. */
final class HostTmpfs implements HostFiles, AutoCloseable {
  private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(HostTmpfs.class);
  private static final int ZEROS_SIZE = 64 * 1024;

  private final HostDirectory directory;
  private final int maxPorts;
  private final Map<Integer, PortTable> tables = new HashMap<>();
  private final Map<Integer, Doorbell> doorbells = new HashMap<>();
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_SIZE);

  HostTmpfs(HostDirectory directory, int maxPorts) {
    this.directory = directory;
    this.maxPorts = maxPorts;
  }

  @Override
  public void resetPorts(int domainId) throws XenException {
    // A table stays as long as the host: processes of other domains have it mapped.
    PortTable table = tables.get(domainId);
    if (table != null) {
      for (int port = 1; port <= table.maxPort(); port++) {
        table.close(port);
      }
      return;
    }
    try {
      tables.put(domainId, PortTable.create(directory.portTable(domainId), maxPorts));
    } catch (IOException e) {
      throw new XenException("cannot make " + directory.portTable(domainId), e);
    }
  }

  @Override
  public void makeDoorbell(int doorbell) throws XenException {
    Path fifo = directory.doorbell(doorbell);
    try {
      Posix.mkfifo(fifo.toString());
      doorbells.put(doorbell, Doorbell.open(fifo, doorbell));
    } catch (IOException e) {
      throw new XenException("cannot make " + fifo, e);
    }
  }

  @Override
  public void removeDoorbell(int doorbell) {
    Doorbell removed = doorbells.remove(doorbell);
    if (removed != null) {
      removed.close();
    }
    delete(directory.doorbell(doorbell));
  }

  @Override
  public void openPort(int domainId, int port, int doorbell) {
    tables.get(domainId).open(port, doorbell);
  }

  @Override
  public void connectPort(int domainId, int port, int remoteDomainId, int remotePort) {
    tables.get(domainId).setRoute(port, PortTable.route(remoteDomainId, remotePort));
  }

  @Override
  public void disconnectPort(int domainId, int port) {
    tables.get(domainId).setRoute(port, PortTable.NO_ROUTE);
  }

  @Override
  public void closePort(int domainId, int port) {
    tables.get(domainId).close(port);
  }

  @Override
  public void raise(int domainId, int port) {
    PortTable table = tables.get(domainId);
    PortTable.Raised raised;
    do {
      raised = table.raise(port, table.flags(port));
    } while (raised == PortTable.Raised.LOOK_AGAIN);
    if (raised == PortTable.Raised.RING) {
      ring(table, port);
    }
  }

  @Override
  public void raiseForDead(int domainId, int port) {
    PortTable table = tables.get(domainId);
    table.forceMasked(port);
    ring(table, port);
  }

  private void ring(PortTable table, int port) {
    Doorbell doorbell = doorbells.get(table.doorbell(port));
    try {
      doorbell.ring(table, port);
    } catch (XenException e) {
      LOGGER.warn("an event on port {} is lost", port, e);
    }
  }

  @Override
  public void makePages(long handle, int count) throws XenException {
    Path file = directory.pages(handle);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      // Written, not just sized: memory that the tmpfs does not have is refused here and now.
      long left = (long) count * Xen.PAGE_SIZE;
      while (left > 0) {
        zeros.clear().limit((int) Math.min(left, ZEROS_SIZE));
        left -= channel.write(zeros);
      }
    } catch (IOException e) {
      delete(file);
      throw new XenException(
          "no room for "
              + count
              + " pages in "
              + directory.root()
              + ": "
              + e.getMessage()
              + "; make its file system larger",
          e);
    }
  }

  @Override
  public void clearByte(long handle, long offset) {
    try (FileChannel channel =
        FileChannel.open(directory.pages(handle), StandardOpenOption.WRITE)) {
      channel.write(zeros.clear().limit(1), offset);
    } catch (IOException e) {
      LOGGER.warn("the byte at {} of pages {} is not cleared", offset, handle, e);
    }
  }

  @Override
  public void removePages(long handle) {
    delete(directory.pages(handle));
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOGGER.warn("{} is left behind", file, e);
    }
  }

  @Override
  public void close() {
    doorbells.values().forEach(Doorbell::close);
    doorbells.clear();
  }
}
