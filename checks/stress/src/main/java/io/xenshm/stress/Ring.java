package io.xenshm.stress;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.ring.RingLayout;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A small ring on the heap. What the order of memory accesses allows is the same there. */
class Ring {
  static final int SIZE = RingLayout.MIN_SIZE;

  final ByteRingProducer producer;
  final ByteRingConsumer consumer;

  Ring() {
    // longs, for the alignment of the control block's words
    MemorySegment control = MemorySegment.ofArray(new long[RingLayout.CONTROL_SIZE / Long.BYTES]);
    MemorySegment data = MemorySegment.ofArray(new byte[SIZE]);
    producer = new ByteRingProducer(control, data);
    consumer = new ByteRingConsumer(control, data);
  }

  /** Writes some bytes of one value, and does not publish them. */
  final void write(int count, byte value) {
    try {
      ByteBuffer bytes = ByteBuffer.allocate(count);
      while (bytes.hasRemaining()) {
        bytes.put(value);
      }
      producer.write(bytes.flip());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the next byte; 0 where there is none. */
  final int read() {
    ByteBuf taken = Unpooled.buffer(1, 1);
    try {
      return consumer.read(taken, 1) == 0 ? 0 : taken.readByte();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns how many bytes the consumer sees. */
  final int available() {
    try {
      return consumer.refresh();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns how many bytes the producer may write. */
  final int free() {
    try {
      return producer.free();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the consumer has read all that the producer ever wrote. */
  final boolean isFinished() {
    try {
      return consumer.isFinished();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
