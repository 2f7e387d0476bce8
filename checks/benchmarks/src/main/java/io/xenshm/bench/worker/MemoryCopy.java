package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;
import java.nio.ByteBuffer;

/**
 * Copies a message again and again into successive places of a buffer that is as large as a ring.
 * Knows {@code stream SIZE TOTAL}. The server's end has nothing to do.
 */
final class MemoryCopy implements Worker {
  private final ByteBuffer target = ByteBuffer.allocateDirect(BareRing.CAPACITY);

  MemoryCopy() {
    ProcessMeter.workOnThisThread();
  }

  @Override
  public String address() {
    return "-";
  }

  @Override
  public Answer run(String[] command) {
    int size = Integer.parseInt(command[1]);
    long total = Long.parseLong(command[2]);
    ByteBuffer source = ByteBuffer.allocateDirect(size);
    long start = System.nanoTime();
    int at = 0;
    for (long done = 0; done < total; done += size) {
      target.put(at, source, 0, size);
      at = (at + size) & (BareRing.CAPACITY - 1);
    }
    return new Answer().with("nanos", System.nanoTime() - start).with("allocated", 0);
  }

  @Override
  public void close() {}
}
