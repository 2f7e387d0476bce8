package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The peer writes whatever it likes into the words it can write. */
final class HostileRingPeerTest {
  private static final int SIZE = 4096;

  private final TestMemory memory = new TestMemory(SIZE);

  @AfterEach
  void freeMemory() {
    memory.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, -4096, Integer.MAX_VALUE})
  void producerIndexBeyondTheCapacityIsAViolation(int start) {
    ByteRingConsumer consumer = consumer(start);
    memory.set(RingLayout.PRODUCER_INDEX, start + SIZE + 1);
    String expected =
        "producer index is "
            + Integer.toUnsignedString(start + SIZE + 1)
            + ", expected "
            + Integer.toUnsignedString(start)
            + " to "
            + Integer.toUnsignedString(start + SIZE);
    assertViolation(expected, consumer::available);
    assertViolation(expected, consumer::refresh);
    assertViolation(expected, () -> consumer.read(Unpooled.buffer(10), 10));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, -4096, Integer.MAX_VALUE})
  void producerIndexGoingBackwardsIsAViolation(int start) throws Exception {
    ByteRingConsumer consumer = consumer(start);
    memory.set(RingLayout.PRODUCER_INDEX, start + 100);
    assertEquals(100, consumer.refresh());
    memory.set(RingLayout.PRODUCER_INDEX, start + 99);
    assertViolation("producer index is", consumer::refresh);
  }

  @Test
  void spaceNotYetReleasedIsNotTheProducersToFill() throws Exception {
    ByteRingConsumer consumer = consumer(0);
    memory.set(RingLayout.PRODUCER_INDEX, SIZE);
    ByteBuf dst = Unpooled.buffer(SIZE);
    assertEquals(1000, consumer.read(dst, 1000));
    memory.set(RingLayout.PRODUCER_INDEX, SIZE + 1);
    assertViolation("producer index is 4097, expected 4096 to 4096", consumer::refresh);
    consumer.release();
    assertEquals(SIZE - 1000 + 1, consumer.refresh());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, -4096, Integer.MAX_VALUE})
  void consumerIndexBeyondWhatWasPublishedIsAViolation(int start) throws Exception {
    ByteRingProducer producer = producer(start);
    assertEquals(100, producer.write(Unpooled.wrappedBuffer(new byte[100]), 100));
    memory.set(RingLayout.CONSUMER_INDEX, start + 1);
    assertViolation("consumer index is", producer::free);
    producer.publish();
    memory.set(RingLayout.CONSUMER_INDEX, start + 101);
    assertViolation(
        "consumer index is "
            + Integer.toUnsignedString(start + 101)
            + ", expected "
            + Integer.toUnsignedString(start)
            + " to "
            + Integer.toUnsignedString(start + 100),
        producer::free);
    memory.set(RingLayout.CONSUMER_INDEX, start + 100);
    assertEquals(SIZE, producer.free());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, -4096, Integer.MAX_VALUE})
  void consumerIndexGoingBackwardsIsAViolation(int start) throws Exception {
    ByteRingProducer producer = producer(start);
    assertEquals(SIZE, producer.write(Unpooled.wrappedBuffer(new byte[SIZE]), SIZE));
    producer.publish();
    memory.set(RingLayout.CONSUMER_INDEX, start + 50);
    assertEquals(50, producer.free());
    memory.set(RingLayout.CONSUMER_INDEX, start + 49);
    assertViolation("consumer index is", producer::free);
    assertViolation(
        "consumer index is", () -> producer.write(Unpooled.wrappedBuffer(new byte[51]), 51));
    assertEquals(50, producer.write(Unpooled.wrappedBuffer(new byte[50]), 50), "known space");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 5, 8, -1, Integer.MIN_VALUE, 0x100})
  void writerStateOfNonsenseIsAViolation(int state) {
    ByteRingConsumer consumer = consumer(0);
    memory.set(RingLayout.WRITER_STATE, state);
    assertViolation(
        "writer state is " + Integer.toUnsignedString(state) + ", expected 0, 1, 3, 6 or 7",
        consumer::isFinished);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, -1, Integer.MIN_VALUE, 0x100})
  void readerStateOfNonsenseIsAViolationAndReadsNoMore(int state) {
    ByteRingProducer producer = producer(0);
    memory.set(RingLayout.READER_STATE, state);
    assertViolation(
        "reader state is " + Integer.toUnsignedString(state) + ", expected 0 or 1", producer::free);
    assertTrue(producer.hasPeerShutReader());
  }

  @Test
  void finishedIsFinalWhateverThePeerWritesLater() throws Exception {
    ByteRingConsumer consumer = consumer(0);
    memory.set(RingLayout.PRODUCER_INDEX, 10);
    memory.set(RingLayout.WRITER_STATE, RingLayout.FINISHED);
    assertFalse(consumer.isFinished());
    memory.set(RingLayout.PRODUCER_INDEX, 20);
    memory.set(RingLayout.WRITER_STATE, RingLayout.OPEN);
    assertEquals(10, consumer.refresh());
    assertEquals(10, consumer.skip(20));
    assertTrue(consumer.isFinished());
    assertEquals(0, consumer.available());
  }

  @Test
  void writerStateOnlyGrowsWhateverThePeerWritesLater() throws Exception {
    ByteRingConsumer consumer = consumer(0);
    memory.set(RingLayout.WRITER_STATE, RingLayout.RESET);
    assertEquals(RingLayout.RESET, consumer.writerState());
    memory.set(RingLayout.WRITER_STATE, RingLayout.FINISHED);
    assertEquals(RingLayout.RESET, consumer.writerState());
    memory.set(RingLayout.WRITER_STATE, RingLayout.OPEN);
    assertEquals(RingLayout.RESET, consumer.writerState());
    memory.set(RingLayout.WRITER_STATE, RingLayout.FINISHED_AND_RESET);
    assertEquals(RingLayout.FINISHED_AND_RESET, consumer.writerState());
  }

  @Test
  void finishWithAnIndexOutOfRangeIsAViolationEachTime() {
    ByteRingConsumer consumer = consumer(0);
    memory.set(RingLayout.PRODUCER_INDEX, SIZE + 1);
    memory.set(RingLayout.WRITER_STATE, RingLayout.FINISHED);
    assertViolation("producer index is 4097, expected 0 to 4096", consumer::isFinished);
    assertViolation("producer index is 4097, expected 0 to 4096", consumer::isFinished);
  }

  @Test
  void shutReaderStaysShutWhateverThePeerWritesLater() {
    ByteRingProducer producer = producer(0);
    assertFalse(producer.hasPeerShutReader());
    memory.set(RingLayout.READER_STATE, RingLayout.SHUT);
    assertTrue(producer.hasPeerShutReader());
    memory.set(RingLayout.READER_STATE, RingLayout.OPEN);
    assertTrue(producer.hasPeerShutReader());
  }

  @Test
  void ownIndicesNeverComeBackFromSharedMemory() throws Exception {
    ByteRingProducer producer = producer(0);
    ByteRingConsumer consumer = new ByteRingConsumer(memory.control, memory.data);
    assertEquals(3, producer.write(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}), 3));
    producer.publish();
    memory.set(RingLayout.PRODUCER_INDEX, 77);
    assertEquals(2, producer.write(Unpooled.wrappedBuffer(new byte[] {4, 5}), 2));
    producer.publish();
    assertEquals(5, memory.get(RingLayout.PRODUCER_INDEX));
    ByteBuf dst = Unpooled.buffer(5);
    assertEquals(4, consumer.read(dst, 4));
    consumer.release();
    memory.set(RingLayout.CONSUMER_INDEX, 1);
    assertEquals(1, consumer.read(dst, 4));
    consumer.release();
    assertEquals(5, memory.get(RingLayout.CONSUMER_INDEX));
    assertEquals(Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4, 5}), dst);
  }

  @Test
  void bytesChangedAfterTheyWereReadDoNotChangeTheCopy() throws Exception {
    ByteRingConsumer consumer = consumer(0);
    memory.data.fill((byte) 7);
    memory.set(RingLayout.PRODUCER_INDEX, 3);
    ByteBuf dst = Unpooled.directBuffer(3);
    assertEquals(3, consumer.read(dst, 3));
    memory.data.fill((byte) 9);
    assertEquals(Unpooled.wrappedBuffer(new byte[] {7, 7, 7}), dst);
    dst.release();
  }

  @Test
  void bellOfNonsenseRingsOnceLikeAnArmedOne() {
    ByteRingProducer producer = producer(0);
    memory.set(RingLayout.DATA_BELL, -5);
    assertTrue(producer.takeDataBell());
    assertFalse(producer.takeDataBell());
    ByteRingConsumer consumer = consumer(0);
    memory.set(RingLayout.SPACE_BELL, 0x100);
    assertTrue(consumer.takeSpaceBell());
    assertFalse(consumer.takeSpaceBell());
  }

  @Test
  void writingAfterFinishIsRefused() {
    ByteRingProducer producer = producer(0);
    producer.finish();
    assertThrows(
        IllegalStateException.class,
        () -> producer.write(Unpooled.wrappedBuffer(new byte[] {1}), 1));
  }

  @Test
  void closedMemoryThrowsInsteadOfBeingTouched() {
    TestMemory closed = new TestMemory(SIZE);
    ByteRingProducer producer = new ByteRingProducer(closed.control, closed.data);
    ByteRingConsumer consumer = new ByteRingConsumer(closed.control, closed.data);
    closed.close();
    assertThrows(IllegalStateException.class, producer::free);
    assertThrows(IllegalStateException.class, consumer::available);
    ByteBuf direct = Unpooled.directBuffer(1).writeByte(1);
    assertThrows(IllegalStateException.class, () -> producer.write(direct, 1));
    direct.release();
    assertThrows(
        IllegalStateException.class, () -> producer.write(Unpooled.buffer().writeByte(1), 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -4096, 0, 1, 2048, 4095, 4097, 12_288, 1 << 21})
  void sizeThatNoRingHasIsRefusedByName(int size) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> RingLayout.checkSize(size));
    assertEquals(
        "ring size is " + size + " bytes, must be a power of two from 4096 to 1048576",
        e.getMessage());
  }

  @Test
  void memoryOfTheWrongSizeIsRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment small = arena.allocate(256, 64);
      MemorySegment odd = arena.allocate(5000, 64);
      assertThrows(IllegalArgumentException.class, () -> new ByteRingProducer(small, memory.data));
      assertThrows(IllegalArgumentException.class, () -> new ByteRingConsumer(memory.control, odd));
    }
  }

  private ByteRingProducer producer(int start) {
    memory.startAt(start);
    return new ByteRingProducer(memory.control, memory.data, start);
  }

  private ByteRingConsumer consumer(int start) {
    memory.startAt(start);
    return new ByteRingConsumer(memory.control, memory.data, start);
  }

  private static void assertViolation(String text, Executable look) {
    RingViolationException e = assertThrows(RingViolationException.class, look);
    assertTrue(e.getMessage().contains(text), e::getMessage);
  }
}
