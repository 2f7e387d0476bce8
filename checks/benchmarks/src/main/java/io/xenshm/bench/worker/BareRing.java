package io.xenshm.bench.worker;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;

/**
 * The least that two processes need: a mapped file with two rings of bytes, each with two indices.
 * No checks, no doorbells, no connections. The limit of what a transport over memory can do.
 */
final class BareRing implements RawPipe {
  /** Data bytes of a ring: as many as a connection of this project's has by default. */
  static final int CAPACITY = 128 * 1024;

  private static final VarHandle INDEX = ValueLayout.JAVA_LONG.varHandle();
  private static final long PRODUCED = 0;
  private static final long CONSUMED = 128;
  private static final long DATA = 4096;
  private static final long RING_BYTES = DATA + CAPACITY;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment outgoing;
  private final MemorySegment incoming;
  private final MemorySegment message = arena.allocate(CAPACITY);
  private final MemorySegment taken = arena.allocate(CAPACITY);
  private long produced;
  private long knownConsumed;
  private long consumed;

  BareRing(Path file, boolean server) throws IOException {
    try (FileChannel channel = FileChannel.open(file, CREATE, READ, WRITE)) {
      MemorySegment both = channel.map(MapMode.READ_WRITE, 0, 2 * RING_BYTES, arena);
      outgoing = both.asSlice(server ? RING_BYTES : 0, RING_BYTES);
      incoming = both.asSlice(server ? 0 : RING_BYTES, RING_BYTES);
    }
  }

  @Override
  public int send(int length) {
    if (CAPACITY - (produced - knownConsumed) < length) {
      knownConsumed = (long) INDEX.getAcquire(outgoing, CONSUMED);
    }
    int count = (int) Math.min(length, CAPACITY - (produced - knownConsumed));
    int at = (int) (produced & (CAPACITY - 1));
    int first = Math.min(count, CAPACITY - at);
    MemorySegment.copy(message, 0, outgoing, DATA + at, first);
    MemorySegment.copy(message, first, outgoing, DATA, count - first);
    produced += count;
    INDEX.setRelease(outgoing, PRODUCED, produced);
    return count;
  }

  @Override
  public int receive() {
    int count = (int) ((long) INDEX.getAcquire(incoming, PRODUCED) - consumed);
    if (count > 0) {
      int at = (int) (consumed & (CAPACITY - 1));
      int first = Math.min(count, CAPACITY - at);
      MemorySegment.copy(incoming, DATA + at, taken, 0, first);
      MemorySegment.copy(incoming, DATA, taken, first, count - first);
      consumed += count;
      INDEX.setRelease(incoming, CONSUMED, consumed);
    }
    return count;
  }

  @Override
  public void close() {
    arena.close();
  }
}
