package io.xenshm.ring;

import static io.xenshm.fuzz.Fuzzing.check;

import io.netty.buffer.ByteBuf;
import io.xenshm.fuzz.FuzzInput;

/**
 * Both ends of a byte ring, with a peer that may write any word at any time. As long as it does
 * not, the bytes that come out are those that went in.
 */
public final class ByteRingFuzz {
  private static final GuardedRing MEMORY = new GuardedRing();

  private final FuzzInput input;
  private final ByteRingProducer producer;
  private final ByteRingConsumer consumer;
  private final int capacity;
  private boolean honest = true;
  private boolean finished;
  private boolean told;
  private long written;
  private long read;

  private ByteRingFuzz(FuzzInput input) {
    this.input = input;
    capacity = input.yes() ? GuardedRing.MAX_CAPACITY : RingLayout.MIN_SIZE;
    int index = input.i32();
    MEMORY.begin(capacity, index);
    producer = new ByteRingProducer(MEMORY.control, MEMORY.data, index);
    consumer = new ByteRingConsumer(MEMORY.control, MEMORY.data, index);
  }

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    ByteRingFuzz run = new ByteRingFuzz(new FuzzInput(bytes));
    while (!run.input.isEmpty()) {
      run.step();
    }
  }

  private void step() {
    try {
      operate(input.below(16));
    } catch (RingViolationException e) {
      check(!honest, "an honest peer violates nothing: " + e.getMessage());
    }
    MEMORY.checkGuards(null);
  }

  private void operate(int operation) throws RingViolationException {
    switch (operation) {
      case 0, 1 -> write();
      case 2 -> writeBuffer();
      case 3 -> producer.publish();
      case 4, 5 -> read();
      case 6 -> skip();
      case 7 -> consumer.release();
      case 8 -> bells();
      case 9 -> look();
      case 10 -> finished();
      case 11 -> {
        if (input.u8() > 200) {
          producer.finish();
          finished = true;
        }
      }
      case 12 -> {
        if (input.u8() > 200) {
          consumer.shut();
          told = true;
        }
      }
      case 13, 14 -> {
        if (input.u8() > 127) {
          honest = false;
          MEMORY.corrupt(input);
        }
      }
      default -> {
        if (input.u8() > 127) {
          honest = false;
          MEMORY.corruptData(input);
        }
      }
    }
  }

  private void write() throws RingViolationException {
    if (finished) {
      return;
    }
    int length = input.below(capacity + 1);
    ByteBuf src = MEMORY.buffer(input, length);
    for (int i = 0; i < length; i++) {
      src.writeByte(pattern(written + i));
    }
    int count = producer.write(src, length);
    check(count >= 0 && count <= length, "as many bytes at most as there are: " + count);
    check(src.readableBytes() == length - count, "the source advances by what was written");
    MEMORY.checkGuards(src);
    written += count;
  }

  private void writeBuffer() throws RingViolationException {
    if (finished) {
      return;
    }
    java.nio.ByteBuffer src = java.nio.ByteBuffer.allocate(input.below(capacity + 1));
    for (int i = 0; i < src.capacity(); i++) {
      src.put(i, pattern(written + i));
    }
    int count = producer.write(src);
    check(count == src.position(), "the source advances by what was written");
    written += count;
  }

  private void read() throws RingViolationException {
    int room = input.below(capacity + 1);
    int length = input.below(2 * capacity);
    ByteBuf dst = MEMORY.buffer(input, room);
    int count = consumer.read(dst, length);
    check(count >= 0 && count <= Math.min(room, length), "as many bytes at most as fit: " + count);
    check(dst.readableBytes() == count, "the buffer has what was read");
    MEMORY.checkGuards(dst);
    if (honest) {
      for (int i = 0; i < count; i++) {
        check(dst.getByte(i) == pattern(read + i), "byte " + (read + i) + " is what was written");
      }
    }
    read += count;
    check(!honest || read <= written, "not more is read than was written");
  }

  private void skip() {
    int length = input.below(2 * capacity);
    int count = consumer.skip(length);
    check(count >= 0 && count <= length, "as many bytes at most as wanted: " + count);
    read += count;
  }

  private void look() throws RingViolationException {
    checkCount(consumer.available());
    checkCount(consumer.refresh());
    checkCount(consumer.knownFree());
    checkCount(producer.free());
  }

  private void checkCount(int count) {
    check(count >= 0 && count <= capacity, "a count is 0 to " + capacity + ": " + count);
  }

  private void finished() throws RingViolationException {
    boolean end = consumer.isFinished();
    check(!honest || !end || (finished && read == written), "the end comes after the last byte");
    boolean shut = producer.hasPeerShutReader();
    check(!honest || shut == told, "the reader's end is what it told");
  }

  private void bells() {
    switch (input.below(6)) {
      case 0 -> producer.armSpaceBell();
      case 1 -> producer.disarmSpaceBell();
      case 2 -> producer.takeDataBell();
      case 3 -> consumer.armDataBell();
      case 4 -> consumer.disarmDataBell();
      default -> consumer.takeSpaceBell();
    }
  }

  private static byte pattern(long position) {
    return (byte) (position * 31 + (position >> 8));
  }
}
