package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Random interleavings of every operation, against a model of 64-bit positions that never wrap. */
final class ByteRingModelTest {

  @TestFactory
  Stream<DynamicTest> everyOperationDoesWhatTheModelSays() {
    return Stream.of(0, -1, -5_000, Integer.MAX_VALUE - 3_000, -200_000)
        .flatMap(
            start ->
                Stream.of(4096, 65_536)
                    .map(
                        size ->
                            DynamicTest.dynamicTest(
                                "start " + Integer.toUnsignedString(start) + " size " + size,
                                () -> runSeeds(size, start))));
  }

  private static void runSeeds(int size, int start) throws Exception {
    for (int i = 0; i < 3; i++) {
      long seed = Long.getLong("xenshm.test.seed", System.nanoTime());
      Run run = new Run(size, start, seed);
      try {
        run.run();
      } catch (AssertionError | Exception e) {
        throw new AssertionError(
            "-Dxenshm.test.seed=" + seed + " at step " + run.step + ": " + run.operation, e);
      }
    }
  }

  /** The byte at a position of the stream. */
  private static byte byteAt(long position) {
    return (byte) ((position * 0x9E3779B97F4A7C15L) >>> 56);
  }

  private static final class Run {
    private final SplittableRandom random;
    private final int size;
    private final int start;
    private final int steps;
    private final byte[] scratch;

    private TestMemory memory;
    private ByteRingProducer producer;
    private ByteRingConsumer consumer;

    private long written;
    private long published;
    private long read;
    private long released;
    private long producerKnows;
    private long consumerKnows;
    private boolean dataBell;
    private boolean spaceBell;
    private boolean finished;
    private boolean shut;

    private int step;
    private String operation = "start";

    Run(int size, int start, long seed) {
      this.size = size;
      this.start = start;
      this.steps = 40_000_000 / size;
      this.random = new SplittableRandom(seed);
      this.scratch = new byte[size + 100];
    }

    void run() throws Exception {
      try (TestMemory shared = new TestMemory(size).startAt(start)) {
        memory = shared;
        producer = new ByteRingProducer(shared.control, shared.data, start);
        consumer = new ByteRingConsumer(shared.control, shared.data, start);
        while (step < steps) {
          next(random.nextInt(15));
          checkWords();
          step++;
        }
        finish();
        checkWords();
        drain();
      }
    }

    private void next(int choice) throws Exception {
      switch (choice) {
        case 0, 1 -> writeBuf();
        case 2 -> writeBuffer();
        case 3 -> publish();
        case 4 -> free();
        case 5 -> takeDataBell();
        case 6 -> armSpace();
        case 7 -> available();
        case 8 -> refresh();
        case 9, 10 -> read();
        case 11 -> skip();
        case 12 -> release();
        case 13 -> takeSpaceBell();
        default -> armData();
      }
      if (random.nextInt(steps) == 0) {
        operation = "shut";
        consumer.shut();
        shut = true;
      }
      assertEquals(shut, producer.hasPeerShutReader());
      assertEquals(finished && read == published, consumer.isFinished());
    }

    private int length() {
      return random.nextInt(random.nextInt(size + 100) + 1);
    }

    private int expectedWrite(int wanted) {
      if (size - (written - producerKnows) < wanted) {
        producerKnows = released;
      }
      return (int) Math.min(wanted, size - (written - producerKnows));
    }

    private void writeBuf() throws Exception {
      int wanted = length();
      operation = "write buf " + wanted;
      fill(written, wanted);
      int before = random.nextInt(3);
      ByteBuf src = Unpooled.directBuffer().writeZero(before).skipBytes(before);
      src.writeBytes(scratch, 0, wanted).writeZero(random.nextInt(3));
      int expected = expectedWrite(wanted);
      assertEquals(expected, producer.write(src, wanted));
      assertEquals(before + expected, src.readerIndex());
      written += expected;
      src.release();
    }

    private void writeBuffer() throws Exception {
      int wanted = length();
      operation = "write buffer " + wanted;
      fill(written, wanted);
      ByteBuffer src = ByteBuffer.wrap(scratch, 0, wanted);
      int expected = expectedWrite(wanted);
      assertEquals(expected, producer.write(src));
      assertEquals(expected, src.position());
      assertEquals(wanted, src.limit());
      written += expected;
    }

    private void fill(long position, int count) {
      for (int i = 0; i < count; i++) {
        scratch[i] = byteAt(position + i);
      }
    }

    private void publish() {
      operation = "publish";
      assertEquals(written > published, producer.publish());
      published = written;
      assertEquals(published, producer.written());
    }

    private void free() throws Exception {
      operation = "free";
      producerKnows = released;
      assertEquals(size - (written - released), producer.free());
    }

    private void takeDataBell() {
      operation = "take data bell";
      assertEquals(dataBell, producer.takeDataBell());
      dataBell = false;
    }

    private void armSpace() {
      spaceBell = random.nextBoolean();
      operation = "space bell " + spaceBell;
      if (spaceBell) {
        producer.armSpaceBell();
      } else {
        producer.disarmSpaceBell();
      }
    }

    private void takeSpaceBell() {
      operation = "take space bell";
      assertEquals(spaceBell, consumer.takeSpaceBell());
      spaceBell = false;
    }

    private void armData() {
      dataBell = random.nextBoolean();
      operation = "data bell " + dataBell;
      if (dataBell) {
        consumer.armDataBell();
      } else {
        consumer.disarmDataBell();
      }
    }

    private int expectedAvailable() {
      if (consumerKnows == read) {
        consumerKnows = published;
      }
      return (int) (consumerKnows - read);
    }

    private void available() throws Exception {
      operation = "available";
      assertEquals(expectedAvailable(), consumer.available());
    }

    private void refresh() throws Exception {
      operation = "refresh";
      consumerKnows = published;
      assertEquals(published - read, consumer.refresh());
    }

    private void read() throws Exception {
      int wanted = length();
      int room = random.nextInt(4) == 0 ? length() : size + 100;
      operation = "read " + wanted + " into " + room;
      ByteBuf dst = Unpooled.directBuffer(room).writeZero(room > 0 ? random.nextInt(2) : 0);
      int before = dst.writerIndex();
      int expected = Math.min(Math.min(wanted, dst.writableBytes()), expectedAvailable());
      assertEquals(expected, consumer.read(dst, wanted));
      assertEquals(before + expected, dst.writerIndex());
      fill(read, expected);
      ByteBuffer bytes = ByteBuffer.wrap(scratch, 0, expected);
      assertEquals(bytes, dst.nioBuffer(before, expected), "bytes at " + read);
      read += expected;
      dst.release();
    }

    private void skip() {
      int wanted = random.nextInt(20);
      operation = "skip " + wanted;
      int expected = (int) Math.min(wanted, consumerKnows - read);
      assertEquals(expected, consumer.skip(wanted));
      read += expected;
    }

    private void release() {
      operation = "release";
      assertEquals(read > released, consumer.release());
      released = read;
    }

    private void finish() throws Exception {
      operation = "finish";
      producer.finish();
      published = written;
      finished = true;
      assertEquals(read == published, consumer.isFinished());
      consumerKnows = published;
    }

    private void drain() throws Exception {
      while (!consumer.isFinished()) {
        read();
      }
      assertEquals(written, read);
    }

    private void checkWords() {
      assertEquals((int) (start + published), memory.get(RingLayout.PRODUCER_INDEX));
      assertEquals((int) (start + released), memory.get(RingLayout.CONSUMER_INDEX));
      assertEquals(dataBell ? 1 : 0, memory.get(RingLayout.DATA_BELL));
      assertEquals(spaceBell ? 1 : 0, memory.get(RingLayout.SPACE_BELL));
      assertEquals(finished ? 1 : 0, memory.get(RingLayout.WRITER_STATE));
      assertEquals(shut ? 1 : 0, memory.get(RingLayout.READER_STATE));
    }
  }
}
