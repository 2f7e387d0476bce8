package io.xenshm.xen.sim;

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

/** Grants and maps by asking the host, and then mapping the files that hold the pages. */
final class SimulatedGrantTable implements GrantTable {
  private final SimulatedProcess process;

  SimulatedGrantTable(SimulatedProcess process) {
    this.process = process;
  }

  @Override
  public SharedPages grant(int domainId, int count) throws XenException {
    ByteBuffer reply =
        process.call(Hypercall.GRANT.request(2 * Integer.BYTES).putInt(domainId).putInt(count));
    long handle = reply.getLong();
    int[] references = new int[count];
    reply.asIntBuffer().get(references);
    return pages(handle, domainId, references, List.of(new Run(handle, 0, count)));
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
    return pages(handle, domainId, references.clone(), runs);
  }

  private SharedPages pages(long handle, int peer, int[] references, List<Run> runs)
      throws XenException {
    try {
      MemorySegment memory = mapFiles((long) references.length * Xen.PAGE_SIZE, runs);
      return new SimulatedPages(process, handle, peer, references, memory);
    } catch (PosixException e) {
      process.giveBack(Hypercall.RELEASE.request(Long.BYTES).putLong(handle));
      throw new XenException("cannot map " + references.length + " pages: " + e.getMessage(), e);
    }
  }

  /**
   * Maps runs one behind the other. The first is mapped with the length of all of them, which
   * reserves the addresses that the others are mapped over.
   */
  private MemorySegment mapFiles(long size, List<Run> runs) throws PosixException {
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
