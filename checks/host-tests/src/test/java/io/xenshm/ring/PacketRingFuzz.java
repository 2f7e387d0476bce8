package io.xenshm.ring;

import static io.xenshm.fuzz.Fuzzing.check;

import io.netty.buffer.ByteBuf;
import io.xenshm.fuzz.FuzzInput;
import java.util.ArrayDeque;

/** Both ends of a packet ring, with a peer that may write any word at any time. */
public final class PacketRingFuzz {
  private static final GuardedRing MEMORY = new GuardedRing();

  private final FuzzInput input;
  private final PacketRingProducer producer;
  private final PacketRingConsumer consumer;
  private final int capacity;
  private final ArrayDeque<int[]> underWay = new ArrayDeque<>();
  private boolean honest = true;
  private boolean broken;

  private PacketRingFuzz(FuzzInput input) {
    this.input = input;
    capacity = input.yes() ? GuardedRing.MAX_CAPACITY : RingLayout.MIN_SIZE;
    MEMORY.begin(capacity, 0);
    producer = new PacketRingProducer(MEMORY.control, MEMORY.data);
    consumer = new PacketRingConsumer(MEMORY.control, MEMORY.data);
  }

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    PacketRingFuzz run = new PacketRingFuzz(new FuzzInput(bytes));
    // as a channel does: nothing is used after a violation
    while (!run.input.isEmpty() && !run.broken) {
      run.step();
    }
  }

  private void step() {
    try {
      operate(input.below(10));
    } catch (RingViolationException e) {
      check(!honest, "an honest peer violates nothing: " + e.getMessage());
      broken = true;
    }
    MEMORY.checkGuards(null);
  }

  private void operate(int operation) throws RingViolationException {
    switch (operation) {
      case 0, 1 -> write();
      case 2 -> producer.publish();
      case 3, 4 -> receive();
      case 5 -> consumer.release();
      case 6 -> {
        consumer.armDataBell();
        producer.takeDataBell();
      }
      case 7, 8 -> {
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
    int length = input.below(capacity);
    if (!producer.fits(length)) {
      return;
    }
    int first = input.u8();
    ByteBuf packet = MEMORY.buffer(input, length);
    for (int i = 0; i < length; i++) {
      packet.writeByte(first + i);
    }
    if (producer.write(packet)) {
      check(!packet.isReadable(), "a packet is written whole");
      underWay.add(new int[] {length, first});
    } else {
      check(packet.readableBytes() == length, "a packet without room is left alone");
    }
    MEMORY.checkGuards(packet);
  }

  private void receive() throws RingViolationException {
    int length = consumer.next();
    if (length == PacketRingConsumer.NONE) {
      return;
    }
    check(length >= 0 && length <= capacity, "a packet fits into the ring: " + length);
    int[] sent = underWay.poll();
    check(!honest || length == sent[0], "a packet is as long as it was sent");
    if (input.yes()) {
      consumer.drop();
      return;
    }
    ByteBuf dst = MEMORY.buffer(input, length);
    consumer.read(dst);
    check(dst.readableBytes() == length, "a packet is read whole");
    MEMORY.checkGuards(dst);
    for (int i = 0; honest && i < length; i++) {
      check(dst.getByte(i) == (byte) (sent[1] + i), "a packet holds what was sent");
    }
  }
}
