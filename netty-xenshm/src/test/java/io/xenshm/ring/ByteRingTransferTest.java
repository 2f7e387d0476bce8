package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two threads move gigabytes and sleep on the bells: a byte lost, doubled or torn shows in the
 * digest, a lost wake-up as a hang.
 *
 * <p>{@code -Dxenshm.test.ring.megabytes=N} moves more.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ByteRingTransferTest {
  private static final long TOTAL =
      Integer.getInteger("xenshm.test.ring.megabytes", 2048) * 1024L * 1024;

  /** The bytes sent are those of this pattern, again and again; its length is prime. */
  private static final int PATTERN = 65_537;

  /** The 32-bit indices wrap soon after the start. */
  private static final int START = -1_000_000;

  private final Semaphore dataRing = new Semaphore(0);
  private final Semaphore spaceRing = new Semaphore(0);

  @Test
  void gigabytesArriveIntactAndNoSleeperIsForgotten() throws Exception {
    transfer(64 * 1024, TOTAL, 100_000, 1);
  }

  @Test
  void smallestRingWithSmallWritesSleepsOften() throws Exception {
    transfer(RingLayout.MIN_SIZE, TOTAL / 16, 3_000, 2);
  }

  @Test
  void largestRingWithLargeWrites() throws Exception {
    transfer(RingLayout.MAX_SIZE, TOTAL / 4, 2_000_000, 3);
  }

  private void transfer(int size, long total, int largest, long seed) throws Exception {
    try (TestMemory memory = new TestMemory(size).startAt(START);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      ByteRingProducer producer = new ByteRingProducer(memory.control, memory.data, START);
      ByteRingConsumer consumer = new ByteRingConsumer(memory.control, memory.data, START);
      Future<Void> sent = threads.submit(() -> send(producer, total, largest, seed));
      Future<Long> received = threads.submit(() -> receive(consumer, largest, seed + 100));
      sent.get();
      assertEquals(total, received.get());
      assertEquals(total, producer.written());
    }
  }

  private Void send(ByteRingProducer ring, long total, int largest, long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] pattern = pattern();
    ByteBuf source = PooledByteBufAllocator.DEFAULT.directBuffer(PATTERN + largest);
    while (source.writableBytes() > 0) {
      source.writeBytes(pattern, 0, Math.min(PATTERN, source.writableBytes()));
    }
    long sent = 0;
    while (sent < total) {
      int offset = (int) (sent % PATTERN);
      int chunk = (int) Math.min(total - sent, size(random, largest));
      source.setIndex(offset, offset + chunk);
      while (source.isReadable()) {
        int count = ring.write(source, source.readableBytes());
        if (ring.publish() && ring.takeDataBell()) {
          dataRing.release();
        }
        if (count == 0) {
          awaitSpace(ring);
        }
      }
      sent += chunk;
    }
    ring.finish();
    if (ring.takeDataBell()) {
      dataRing.release();
    }
    source.release();
    return null;
  }

  private void awaitSpace(ByteRingProducer ring) throws Exception {
    ring.armSpaceBell();
    if (ring.free() == 0) {
      ring(spaceRing, "space");
    }
    ring.disarmSpaceBell();
    spaceRing.drainPermits();
  }

  private long receive(ByteRingConsumer ring, int largest, long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] pattern = pattern();
    byte[] twice = new byte[PATTERN + largest];
    for (int i = 0; i < twice.length; i += PATTERN) {
      System.arraycopy(pattern, 0, twice, i, Math.min(PATTERN, twice.length - i));
    }
    ByteBuffer expected = ByteBuffer.wrap(twice);
    ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(largest, largest);
    long received = 0;
    while (!ring.isFinished()) {
      if (ring.available() == 0) {
        awaitData(ring);
        continue;
      }
      buffer.clear();
      int count = ring.read(buffer, size(random, largest));
      if (ring.release() && ring.takeSpaceBell()) {
        spaceRing.release();
      }
      int offset = (int) (received % PATTERN);
      assertTrue(
          expected.slice(offset, count).equals(buffer.internalNioBuffer(0, count)),
          () -> "bytes differ, seed " + seed);
      received += count;
    }
    buffer.release();
    return received;
  }

  private void awaitData(ByteRingConsumer ring) throws Exception {
    ring.armDataBell();
    if (ring.refresh() == 0 && !ring.isFinished()) {
      ring(dataRing, "data");
    }
    ring.disarmDataBell();
    dataRing.drainPermits();
  }

  private static void ring(Semaphore bell, String what) throws InterruptedException {
    assertTrue(bell.tryAcquire(60, TimeUnit.SECONDS), () -> "no ring for " + what + " in 60 s");
  }

  private static int size(SplittableRandom random, int largest) {
    int magnitude = 1 + random.nextInt(largest);
    return 1 + random.nextInt(magnitude);
  }

  private static byte[] pattern() {
    byte[] pattern = new byte[PATTERN];
    new SplittableRandom(42).nextBytes(pattern);
    return pattern;
  }
}
