package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PacketRingTest {
  private static final int SIZE = 4096;

  private final TestMemory memory = new TestMemory(SIZE).startAt(0);
  private final PacketRingProducer producer = new PacketRingProducer(memory.control, memory.data);
  private final PacketRingConsumer consumer = new PacketRingConsumer(memory.control, memory.data);

  @AfterEach
  void freeMemory() {
    memory.close();
  }

  @Test
  void packetsArriveWithTheirBoundaries() throws Exception {
    for (int length : new int[] {0, 1, 2, 3, 4, 5, 1000}) {
      assertTrue(producer.write(packet(length, length)));
    }
    producer.publish();
    for (int length : new int[] {0, 1, 2, 3, 4, 5, 1000}) {
      assertEquals(packet(length, length), receive());
    }
    assertEquals(PacketRingConsumer.NONE, consumer.next());
  }

  @Test
  void packetIsInvisibleUntilItIsPublished() throws Exception {
    producer.write(packet(10, 1));
    assertEquals(PacketRingConsumer.NONE, consumer.next());
    producer.publish();
    assertEquals(10, consumer.next());
  }

  @Test
  void packetWithoutRoomIsNotWrittenInPart() throws Exception {
    assertTrue(producer.write(packet(2000, 1)));
    ByteBuf second = packet(2089, 2);
    assertFalse(producer.write(second));
    assertEquals(2089, second.readableBytes());
    assertTrue(producer.write(packet(2088, 3)));
    producer.publish();
    assertEquals(packet(2000, 1), receive());
    assertEquals(packet(2088, 3), receive());
    assertEquals(PacketRingConsumer.NONE, consumer.next());
  }

  @Test
  void spaceOfWhatWasReadIsUsedAfterItsRelease() throws Exception {
    assertTrue(producer.write(packet(4092, 1)));
    producer.publish();
    receive();
    assertFalse(producer.write(packet(0, 2)));
    assertTrue(consumer.release());
    assertTrue(producer.write(packet(4092, 2)));
  }

  @Test
  void packetThatNoRingOfThisSizeTakesIsRefusedWithTheLimit() {
    assertTrue(producer.fits(4092));
    assertFalse(producer.fits(4093));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> producer.write(packet(4093, 1)));
    assertEquals(
        "packet has 4093 bytes, a ring of 4096 bytes takes at most 4092", refused.getMessage());
  }

  @Test
  void packetLongerThanUdpCarriesIsRefusedByTheLargestRingToo() {
    try (TestMemory large = new TestMemory(RingLayout.MAX_SIZE).startAt(0)) {
      PacketRingProducer ring = new PacketRingProducer(large.control, large.data);
      assertTrue(ring.fits(65_507));
      assertFalse(ring.fits(65_508));
    }
  }

  @Test
  void droppedPacketLeavesTheNextOneWhole() throws Exception {
    producer.write(packet(7, 1));
    producer.write(packet(9, 2));
    producer.publish();
    assertEquals(7, consumer.next());
    consumer.drop();
    assertEquals(packet(9, 2), receive());
  }

  @Test
  void randomPacketsWrapAroundWithoutHarm() throws Exception {
    SplittableRandom random = new SplittableRandom(11);
    ArrayDeque<ByteBuf> underWay = new ArrayDeque<>();
    long wrapped = 0;
    for (int i = 0; i < 100_000; i++) {
      if (random.nextInt(3) > 0) {
        int length = random.nextInt(random.nextInt(4) == 0 ? 4093 : 100);
        if (producer.write(packet(length, i))) {
          underWay.add(packet(length, i));
          wrapped += length;
        }
      } else {
        producer.publish();
        while (!underWay.isEmpty()) {
          assertEquals(underWay.remove(), receive());
        }
        assertEquals(PacketRingConsumer.NONE, consumer.next());
        consumer.release();
      }
    }
    assertTrue(wrapped > 1000L * SIZE, "only " + wrapped + " bytes went through");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, 65_508, 13, 16})
  void lengthThatWasNotPublishedIsAViolation(int length) {
    memory.data.set(ValueLayout.JAVA_INT, 0, length);
    memory.set(RingLayout.PRODUCER_INDEX, 4 + 12);
    String message = assertThrows(RingViolationException.class, consumer::next).getMessage();
    assertTrue(
        message.endsWith(
            "packet length is " + Integer.toUnsignedString(length) + ", expected 0 to 12"),
        message);
  }

  @Test
  void lengthOfMoreThanUdpCarriesIsAViolationEvenIfItWasPublished() {
    try (TestMemory large = new TestMemory(1 << 17).startAt(0)) {
      PacketRingConsumer ring = new PacketRingConsumer(large.control, large.data);
      large.data.set(ValueLayout.JAVA_INT, 0, 65_508);
      large.set(RingLayout.PRODUCER_INDEX, 1 << 17);
      String message = assertThrows(RingViolationException.class, ring::next).getMessage();
      assertTrue(message.endsWith("packet length is 65508, expected 0 to 65507"), message);
    }
  }

  @Test
  void lengthIsReadOnce() throws Exception {
    producer.write(packet(8, 1));
    producer.publish();
    assertEquals(8, consumer.next());
    memory.data.set(ValueLayout.JAVA_INT, 0, 4000);
    assertEquals(8, consumer.next());
    assertEquals(packet(8, 1), receive());
    assertEquals(PacketRingConsumer.NONE, consumer.next());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void indexWithinAHeaderIsAViolation(int index) {
    memory.set(RingLayout.PRODUCER_INDEX, index);
    String message = assertThrows(RingViolationException.class, consumer::next).getMessage();
    assertTrue(message.contains(index + " bytes are left"), message);
  }

  /** Half of it lies before the end of the ring's memory: the second copy is the one that fails. */
  private void moveNearTheEnd() throws Exception {
    producer.write(packet(4000, 1));
    producer.publish();
    receive();
    consumer.release();
  }

  @Test
  void aBufferThatThrowsWhileItIsWrittenLeavesNothingInTheRing() throws Exception {
    moveNearTheEnd();
    ByteBuf failing =
        new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, 200, 200) {
          private int copies;

          @Override
          public ByteBuf getBytes(int index, ByteBuffer target) {
            if (++copies == 2) {
              throw new StackOverflowError("of the buffer");
            }
            return super.getBytes(index, target);
          }
        }.writerIndex(200);

    assertThrows(StackOverflowError.class, () -> producer.write(failing));
    failing.release();

    producer.publish();
    assertEquals(PacketRingConsumer.NONE, consumer.next());
    assertTrue(producer.write(packet(150, 2)));
    producer.publish();
    assertEquals(packet(150, 2), receive());
  }

  @Test
  void aPacketIsReadAgainWhereTheBufferThrew() throws Exception {
    moveNearTheEnd();
    producer.write(packet(150, 2));
    producer.publish();
    ByteBuf failing =
        new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, 200, 200) {
          private int copies;

          @Override
          public ByteBuf setBytes(int index, ByteBuffer source) {
            if (++copies == 2) {
              throw new StackOverflowError("of the buffer");
            }
            return super.setBytes(index, source);
          }
        };

    assertEquals(150, consumer.next());
    assertThrows(StackOverflowError.class, () -> consumer.read(failing));
    failing.release();

    assertEquals(packet(150, 2), receive());
    assertEquals(PacketRingConsumer.NONE, consumer.next());
  }

  private ByteBuf receive() throws RingViolationException {
    ByteBuf received = Unpooled.buffer(Math.max(consumer.next(), 0));
    consumer.read(received);
    return received;
  }

  /** A packet whose bytes tell its seed. */
  private static ByteBuf packet(int length, long seed) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return Unpooled.wrappedBuffer(bytes);
  }
}
