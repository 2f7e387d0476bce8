package io.xenshm.microbenchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.ring.RingLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A message into the ring and out of it, by one thread: what the code costs without the caches'
 * traffic.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class RingBenchmark {
  private static final int RING_BYTES = 128 * 1024;
  private static final int ALIGNMENT = 4096;

  /** Bytes of a message. */
  @Param({"64", "256", "1024", "16384"})
  private int size;

  private ByteRingProducer producer;
  private ByteRingConsumer consumer;
  private ByteBuf message;
  private ByteBuf taken;

  /** Makes a ring. */
  @Setup(Level.Trial)
  public void open() {
    Arena arena = Arena.ofAuto();
    MemorySegment control = arena.allocate(RingLayout.CONTROL_SIZE, ALIGNMENT);
    MemorySegment data = arena.allocate(RING_BYTES, ALIGNMENT);
    producer = new ByteRingProducer(control, data);
    consumer = new ByteRingConsumer(control, data);
    message = ByteBufAllocator.DEFAULT.directBuffer(size, size).writeZero(size);
    taken = ByteBufAllocator.DEFAULT.directBuffer(size, size);
  }

  /** Gives its memory back. */
  @TearDown(Level.Trial)
  public void close() {
    message.release();
    taken.release();
  }

  /** Writes, publishes, asks for the bell, reads, releases. */
  @Benchmark
  public int writeAndRead() throws IOException {
    producer.write(message.readerIndex(0), size);
    producer.publish();
    boolean ring = producer.takeDataBell();
    int count = consumer.read(taken.clear(), size);
    consumer.release();
    return ring ? -1 : count;
  }

  /** Looks at an empty ring, as a loop does that waits. */
  @Benchmark
  public int lookInVain() throws IOException {
    return consumer.refresh();
  }
}
