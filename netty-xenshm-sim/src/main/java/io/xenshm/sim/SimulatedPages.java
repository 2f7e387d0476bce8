package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.MemoryFaults;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Pages of the simulated host that are mapped in this process. */
final class SimulatedPages implements SharedPages {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(SimulatedPages.class);

  private final SimulatedProcess process;
  private final long handle;
  private final int peerDomainId;
  private final int[] references;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  /** Whether the peer granted them. */
  private final boolean foreign;

  private UnmapNotice notice;
  private boolean unshared;
  private boolean closed;

  /**
   * Takes over a mapping.
   *
   * @param foreign whether the peer granted them
   * @param mapping as {@link Posix#mmap} returned it
   */
  @SuppressWarnings("restricted") // the size is that of the mapping, whose only owner this is
  SimulatedPages(
      SimulatedProcess process,
      long handle,
      int peerDomainId,
      int[] references,
      boolean foreign,
      MemorySegment mapping) {
    this.process = process;
    this.handle = handle;
    this.peerDomainId = peerDomainId;
    this.references = references;
    this.foreign = foreign;
    this.memory = mapping.reinterpret(mapping.byteSize(), arena, SimulatedPages::unmap);
    process.opened(this);
  }

  private static void unmap(MemorySegment mapping) {
    try {
      Posix.munmap(mapping);
    } catch (PosixException e) {
      LOGGER.warn("unmapping pages", e);
    }
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public int peerDomainId() {
    return peerDomainId;
  }

  @Override
  public int[] references() {
    return references.clone();
  }

  @Override
  public synchronized void notifyOnUnmap(long offset, EventChannels channels, int port)
      throws XenException {
    if (closed) {
      throw new XenException("the pages are closed");
    }
    if (!(channels instanceof SimulatedEventChannels simulated)) {
      throw new IllegalArgumentException("event channels of another back end: " + channels);
    }
    if (offset < 0 || offset >= memory.byteSize()) {
      throw new XenException("offset " + offset + " is outside of the pages");
    }
    simulated.requireBound(port);
    process.post(
        Hypercall.NOTIFY_ON_UNMAP
            .request(2 * Long.BYTES + 2 * Integer.BYTES)
            .putLong(handle)
            .putLong(offset)
            .putInt(simulated.doorbell())
            .putInt(port));
    notice = new UnmapNotice(offset, channels, port);
  }

  /**
   * Ends the sharing, as a resume of the domain does. What it granted is its own memory still, with
   * the contents as they are, and others see nothing of what it writes. What it mapped is gone: an
   * access is a SIGBUS.
   */
  synchronized void endSharing() {
    if (closed || unshared) {
      return;
    }
    unshared = true;
    try {
      if (foreign) {
        mapNothing();
      } else {
        keepForItself();
      }
    } catch (IOException e) {
      LOGGER.warn("pages of a domain that was suspended stay shared", e);
    }
  }

  private void keepForItself() throws PosixException {
    try (Arena copy = Arena.ofConfined()) {
      MemorySegment contents = copy.allocate(memory.byteSize()).copyFrom(memory);
      Posix.mmapAnonymouslyOver(memory);
      memory.copyFrom(contents);
    }
  }

  /** A file that is shorter than its mapping has the effect. */
  private void mapNothing() throws IOException {
    Path empty = Files.createTempFile("xenshm", ".empty");
    try {
      int descriptor = Posix.open(empty.toString(), Posix.O_RDWR);
      try {
        Posix.mmapOver(memory, descriptor, 0);
      } finally {
        Posix.close(descriptor);
      }
    } finally {
      Files.delete(empty);
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    boolean tellPeer = notice != null && !unshared && !process.isDead();
    if (tellPeer) {
      clearByte();
    }
    arena.close();
    closed = true;
    process.closed(this);
    boolean hostTold = process.giveBack(Hypercall.RELEASE.request(Long.BYTES).putLong(handle));
    if (tellPeer && !hostTold) {
      notice.sendEvent();
    }
  }

  @Override
  public String toString() {
    return references.length + " pages shared with domain " + peerDomainId;
  }

  private void clearByte() {
    try {
      memory.set(JAVA_BYTE, notice.offset, (byte) 0);
      MemoryFaults.tell();
    } catch (InternalError e) {
      LOGGER.debug("{} are gone", this, e);
    }
  }

  /** What the peer is to see at the end; the host does it where it can. */
  private record UnmapNotice(long offset, EventChannels channels, int port) {
    void sendEvent() {
      try {
        channels.notify(port);
      } catch (XenException e) {
        LOGGER.debug("the port of an unmap notification is not bound any more", e);
      }
    }
  }
}
