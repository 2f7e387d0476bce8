package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two threads race over many rings: one publishes and takes the bell, the other arms it and looks
 * again. At least one of them must see the other; without a fence on each side a processor lets
 * both miss.
 *
 * <p>{@code -Dxenshm.test.ring.rounds=N} races longer.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DoorbellMemoryOrderTest {
  private static final int RINGS = 2_000;
  private static final int ROUNDS = Integer.getInteger("xenshm.test.ring.rounds", 300);
  private static final int MEETING_SPINS = 100;

  /** One side's part in the race for one ring. */
  private interface Step {
    boolean sawTheOther(Ring ring) throws Exception;
  }

  private interface Reset {
    void accept(Ring ring) throws Exception;
  }

  private record Ring(ByteRingProducer producer, ByteRingConsumer consumer) {}

  @Test
  void publisherSeesTheArmedBellOrTheReaderSeesTheData() throws Exception {
    race(
        ring -> {
          ring.producer.publish();
          return ring.producer.takeDataBell();
        },
        ring -> {
          ring.consumer.armDataBell();
          return ring.consumer.refresh() > 0;
        },
        ring -> {
          ring.consumer.disarmDataBell();
          ring.consumer.skip(ring.consumer.refresh());
          ring.consumer.release();
          ring.producer.write(ByteBuffer.allocate(1));
        });
  }

  @Test
  void releaserSeesTheArmedBellOrTheWriterSeesTheSpace() throws Exception {
    race(
        ring -> {
          ring.consumer.release();
          return ring.consumer.takeSpaceBell();
        },
        ring -> {
          ring.producer.armSpaceBell();
          return ring.producer.free() > 0;
        },
        ring -> {
          ring.producer.disarmSpaceBell();
          ring.consumer.release();
          ring.producer.write(ByteBuffer.allocate(RingLayout.MIN_SIZE));
          ring.producer.publish();
          ring.consumer.refresh();
          ring.consumer.skip(1);
        });
  }

  private static void race(Step waker, Step sleeper, Reset reset) throws Exception {
    try (Arena arena = Arena.ofShared();
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      Ring[] rings = rings(arena);
      boolean[] woken = new boolean[RINGS];
      boolean[] seen = new boolean[RINGS];
      AtomicInteger wakersPlace = new AtomicInteger();
      AtomicInteger sleepersPlace = new AtomicInteger();
      for (int round = 0; round < ROUNDS; round++) {
        for (Ring ring : rings) {
          reset.accept(ring);
        }
        wakersPlace.set(0);
        sleepersPlace.set(0);
        Future<?> waking = other.submit(() -> run(rings, waker, woken, wakersPlace, sleepersPlace));
        run(rings, sleeper, seen, sleepersPlace, wakersPlace);
        waking.get();
        for (int i = 0; i < RINGS; i++) {
          assertTrue(woken[i] || seen[i], "both sides missed each other, round " + round);
        }
      }
    }
  }

  private static Void run(
      Ring[] rings, Step step, boolean[] results, AtomicInteger place, AtomicInteger othersPlace)
      throws Exception {
    for (int i = 0; i < RINGS; i++) {
      place.setRelease(i);
      meet(i, othersPlace);
      results[i] = step.sawTheOther(rings[i]);
    }
    place.setRelease(RINGS);
    return null;
  }

  /** Waits for the other thread only a moment: it may have no processor, and then need not meet. */
  private static void meet(int place, AtomicInteger othersPlace) {
    for (int i = 0; i < MEETING_SPINS && othersPlace.getAcquire() < place; i++) {
      Thread.onSpinWait();
    }
  }

  /** The bytes do not matter here: all rings share their data. */
  private static Ring[] rings(Arena arena) {
    MemorySegment data = arena.allocate(RingLayout.MIN_SIZE, 64);
    Ring[] rings = new Ring[RINGS];
    for (int i = 0; i < RINGS; i++) {
      MemorySegment control = arena.allocate(RingLayout.CONTROL_SIZE, 64);
      rings[i] = new Ring(new ByteRingProducer(control, data), new ByteRingConsumer(control, data));
    }
    return rings;
  }
}
