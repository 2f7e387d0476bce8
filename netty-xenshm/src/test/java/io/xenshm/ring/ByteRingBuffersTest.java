package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every kind of buffer, at every distance from the ring's end that matters. */
final class ByteRingBuffersTest {
  private static final int SIZE = 4096;
  private static final int[] STARTS = {0, 1, SIZE - 1, SIZE - 300, SIZE - 512, -1, -700};
  private static final int[] LENGTHS = {0, 1, 7, 63, 64, 300, 1000, SIZE};

  enum Kind {
    POOLED_DIRECT,
    POOLED_HEAP,
    UNPOOLED_DIRECT,
    UNPOOLED_HEAP,
    ADAPTIVE_DIRECT,
    ADAPTIVE_HEAP,
    COMPOSITE,
    WRAPPED_DIRECT_NIO,
    POOLED_SLICE,
    ADAPTIVE_SLICE,
    UNPOOLED_DUPLICATE;

    /** An empty buffer that holds {@code capacity} bytes without growing. */
    ByteBuf allocate(int capacity) {
      return switch (this) {
        case POOLED_DIRECT -> PooledByteBufAllocator.DEFAULT.directBuffer(capacity);
        case POOLED_HEAP -> PooledByteBufAllocator.DEFAULT.heapBuffer(capacity);
        case UNPOOLED_DIRECT -> Unpooled.directBuffer(capacity);
        case UNPOOLED_HEAP -> Unpooled.buffer(capacity);
        case ADAPTIVE_DIRECT -> new AdaptiveByteBufAllocator().directBuffer(capacity);
        case ADAPTIVE_HEAP -> new AdaptiveByteBufAllocator().heapBuffer(capacity);
        case COMPOSITE -> composite(capacity);
        case WRAPPED_DIRECT_NIO ->
            Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(capacity + 1)).skipBytes(1).clear();
        case POOLED_SLICE ->
            slice(PooledByteBufAllocator.DEFAULT.directBuffer(capacity + 9), capacity);
        case ADAPTIVE_SLICE ->
            slice(new AdaptiveByteBufAllocator().directBuffer(capacity + 9), capacity);
        case UNPOOLED_DUPLICATE -> Unpooled.directBuffer(capacity).duplicate();
      };
    }

    private static ByteBuf slice(ByteBuf whole, int capacity) {
      ByteBuf slice = whole.retainedSlice(5, capacity).clear();
      whole.release();
      return slice;
    }

    private static ByteBuf composite(int capacity) {
      CompositeByteBuf buffer = Unpooled.compositeBuffer();
      int third = capacity / 3;
      buffer.addComponent(PooledByteBufAllocator.DEFAULT.directBuffer(third + 1).writeZero(third));
      buffer.addComponent(Unpooled.buffer(third + 1).writeZero(third));
      buffer.addComponent(Unpooled.directBuffer(capacity + 1).writeZero(capacity - 2 * third));
      return buffer;
    }
  }

  @ParameterizedTest
  @EnumSource
  void bytesPassFromAndToEveryKindOfBuffer(Kind kind) throws Exception {
    check(kind, false);
  }

  @ParameterizedTest
  @EnumSource
  void bytesPassFromReadOnlyBuffers(Kind kind) throws Exception {
    check(kind, true);
  }

  private static void check(Kind kind, boolean readOnly) throws Exception {
    for (int start : STARTS) {
      for (int length : LENGTHS) {
        try (TestMemory memory = new TestMemory(SIZE).startAt(start)) {
          check(kind, readOnly, memory, start, length);
        }
      }
    }
  }

  private static void check(Kind kind, boolean readOnly, TestMemory memory, int start, int length)
      throws Exception {
    ByteRingProducer producer = new ByteRingProducer(memory.control, memory.data, start);
    ByteRingConsumer consumer = new ByteRingConsumer(memory.control, memory.data, start);
    byte[] bytes = bytes(length);
    ByteBuf filled = kind.allocate(length + 3);
    filled.writeZero(2).skipBytes(2).writeBytes(bytes).writeByte(99);
    ByteBuf src = readOnly ? filled.asReadOnly() : filled;
    assertEquals(length, producer.write(src, length));
    assertEquals(1, src.readableBytes());
    producer.publish();

    ByteBuf dst = kind.allocate(length + 4);
    dst.writeZero(3);
    assertEquals(length, consumer.read(dst, SIZE));
    assertEquals(3 + length, dst.writerIndex());
    assertArrayEquals(bytes, ByteBufUtil.getBytes(dst, 3, length));
    src.release();
    dst.release();
  }

  enum NioKind {
    HEAP,
    DIRECT,
    READ_ONLY_HEAP,
    READ_ONLY_DIRECT,
    SLICE;

    ByteBuffer of(byte[] bytes) {
      ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
      return switch (this) {
        case HEAP -> ByteBuffer.wrap(bytes);
        case DIRECT -> direct;
        case READ_ONLY_HEAP -> ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        case READ_ONLY_DIRECT -> direct.asReadOnlyBuffer();
        case SLICE -> ByteBuffer.allocate(bytes.length + 7).position(7).slice().put(bytes).flip();
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void bytesPassFromEveryKindOfNioBufferAndTheRestStays(NioKind kind) throws Exception {
    for (int start : STARTS) {
      try (TestMemory memory = new TestMemory(SIZE).startAt(start)) {
        ByteRingProducer producer = new ByteRingProducer(memory.control, memory.data, start);
        ByteRingConsumer consumer = new ByteRingConsumer(memory.control, memory.data, start);
        byte[] bytes = bytes(SIZE + 1000);
        ByteBuffer src = kind.of(bytes).position(10);
        assertEquals(SIZE, producer.write(src));
        assertEquals(10 + SIZE, src.position());
        assertEquals(bytes.length, src.limit());
        assertEquals(0, producer.write(src));
        producer.publish();
        ByteBuf dst = Unpooled.buffer(SIZE);
        assertEquals(SIZE, consumer.read(dst, Integer.MAX_VALUE));
        assertArrayEquals(Arrays.copyOfRange(bytes, 10, 10 + SIZE), ByteBufUtil.getBytes(dst));
      }
    }
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(length).nextBytes(bytes);
    return bytes;
  }
}
