package io.xenshm.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two threads: every packet of random size arrives whole and in order, or was counted as dropped.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PacketRingTransferTest {
  private static final int PACKETS = 10_000_000;
  private static final int HEADER = Long.BYTES + Integer.BYTES;
  private static final int MOSTLY_BELOW = 200;
  private static final int SOURCE_SIZE = 1 << 17;

  private final AtomicBoolean ended = new AtomicBoolean();

  private record Received(long packets, long lastSerial) {}

  @Test
  void tenMillionPacketsAreReceivedOrCountedAsDropped() throws Exception {
    try (TestMemory memory = new TestMemory(1 << 17).startAt(0);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      PacketRingProducer producer = new PacketRingProducer(memory.control, memory.data);
      PacketRingConsumer consumer = new PacketRingConsumer(memory.control, memory.data);
      Future<Long> dropped = threads.submit(() -> send(producer));
      Future<Received> received = threads.submit(() -> receive(consumer));
      assertEquals(PACKETS, received.get().packets + dropped.get());
      assertTrue(received.get().packets > 0);
      assertTrue(received.get().lastSerial < PACKETS);
    }
  }

  /** Returns how many packets were dropped. */
  private long send(PacketRingProducer ring) throws RingViolationException {
    SplittableRandom random = new SplittableRandom(5);
    byte[] noise = new byte[SOURCE_SIZE];
    random.nextBytes(noise);
    ByteBuf packet = Unpooled.buffer(PacketRingLayout.MAX_PAYLOAD);
    long dropped = 0;
    for (long serial = 0; serial < PACKETS; serial++) {
      int length = length(random);
      int from = random.nextInt(SOURCE_SIZE - length);
      packet.clear().writeLong(serial).writeInt(crc(noise, from, length));
      packet.writeBytes(noise, from, length);
      if (!ring.write(packet)) {
        dropped++;
      }
      ring.publish();
    }
    packet.release();
    ended.set(true);
    return dropped;
  }

  private static int length(SplittableRandom random) {
    int most = random.nextInt(1000) == 0 ? PacketRingLayout.MAX_PAYLOAD - HEADER : MOSTLY_BELOW;
    return random.nextInt(most + 1);
  }

  private Received receive(PacketRingConsumer ring) throws RingViolationException {
    ByteBuf packet = Unpooled.buffer(PacketRingLayout.MAX_PAYLOAD);
    byte[] content = new byte[PacketRingLayout.MAX_PAYLOAD];
    long packets = 0;
    long last = -1;
    while (true) {
      boolean noMoreWillCome = ended.get();
      if (ring.next() == PacketRingConsumer.NONE) {
        if (noMoreWillCome) {
          packet.release();
          return new Received(packets, last);
        }
        Thread.onSpinWait();
        continue;
      }
      packet.clear();
      ring.read(packet);
      ring.release();
      packets++;
      long serial = packet.readLong();
      assertTrue(serial > last, () -> "a packet came again, or late");
      last = serial;
      int expected = packet.readInt();
      int length = packet.readableBytes();
      packet.readBytes(content, 0, length);
      assertEquals(expected, crc(content, 0, length));
    }
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
