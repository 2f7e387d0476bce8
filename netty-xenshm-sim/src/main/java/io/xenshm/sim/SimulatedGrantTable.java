package io.xenshm.sim;

import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.GrantTable;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Grants and maps by asking the host, and then mapping the files that hold the pages. */
final class SimulatedGrantTable implements GrantTable {
  private final Supplier<SimulatedProcess> processes;

  /**
   * Creates it.
   *
   * @param processes returns what this process is to the present host
   */
  SimulatedGrantTable(Supplier<SimulatedProcess> processes) {
    this.processes = processes;
  }

  @Override
  public SharedPages grant(int domainId, int count) throws XenException {
    SimulatedProcess process = processes.get();
    ByteBuffer reply =
        process.call(Hypercall.GRANT.request(2 * Integer.BYTES).putInt(domainId).putInt(count));
    long handle = reply.getLong();
    int[] references = new int[count];
    reply.asIntBuffer().get(references);
    return pages(process, handle, domainId, references, false, List.of(new Run(handle, 0, count)));
  }

  @Override
  public SharedPages map(int domainId, int... references) throws XenException {
    if (references.length > GrantTables.MAX_PAGES_PER_MAP) {
      throw new XenException(
          "one request maps at most "
              + GrantTables.MAX_PAGES_PER_MAP
              + " pages, not "
              + references.length);
    }
    SimulatedProcess process = processes.get();
    ByteBuffer request =
        Hypercall.MAP
            .request((2 + references.length) * Integer.BYTES)
            .putInt(domainId)
            .putInt(references.length);
    for (int reference : references) {
      request.putInt(reference);
    }
    ByteBuffer reply = process.call(request);
    long handle = reply.getLong();
    int count = reply.getInt();
    List<Run> runs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      runs.add(new Run(reply.getLong(), reply.getInt(), reply.getInt()));
    }
    return pages(process, handle, domainId, references.clone(), true, runs);
  }

  private static SharedPages pages(
      SimulatedProcess process,
      long handle,
      int peer,
      int[] references,
      boolean foreign,
      List<Run> runs)
      throws XenException {
    try {
      MemorySegment memory = mapFiles(process, (long) references.length * Xen.PAGE_SIZE, runs);
      return new SimulatedPages(process, handle, peer, references, foreign, memory);
    } catch (PosixException e) {
      process.giveBack(Hypercall.RELEASE.request(Long.BYTES).putLong(handle));
      throw new XenException("cannot map " + references.length + " pages: " + e.getMessage(), e);
    }
  }

  /**
   * Maps runs one behind the other. The first is mapped with the length of all of them, which
   * reserves the addresses that the others are mapped over.
   */
  private static MemorySegment mapFiles(SimulatedProcess process, long size, List<Run> runs)
      throws PosixException {
    MemorySegment memory = null;
    try {
      long position = 0;
      for (Run run : runs) {
        int file =
            Posix.open(
                process.directory().pages(run.handle).toString(), Posix.O_RDWR | Posix.O_CLOEXEC);
        try {
          if (memory == null) {
            memory = Posix.mmap(file, size, run.offset());
          } else {
            Posix.mmapOver(memory.asSlice(position, run.size()), file, run.offset());
          }
        } finally {
          Posix.close(file);
        }
        position += run.size();
      }
      return memory;
    } catch (PosixException e) {
      if (memory != null) {
        Posix.munmap(memory);
      }
      throw e;
    }
  }

  /** Consecutive pages of one file. */
  private record Run(long handle, int first, int pages) {
    long offset() {
      return (long) first * Xen.PAGE_SIZE;
    }

    long size() {
      return (long) pages * Xen.PAGE_SIZE;
    }
  }
}
