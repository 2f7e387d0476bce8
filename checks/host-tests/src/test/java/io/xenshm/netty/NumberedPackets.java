package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Packets whose size and bytes follow from their number, and the check of those that came: each one
 * whole, and where the path keeps them, in order and once. Small sizes are as likely as large ones.
 */
final class NumberedPackets extends ChannelInboundHandlerAdapter {
  private static final int MAX_PAYLOAD = 65_507;
  private static final int MAX_BITS = 16;
  private static final int OFFSETS = 1 << 16;
  private static final int END = -1;
  private static final byte[] PATTERN = pattern();
  private static final ByteBuf EXPECTED = Unpooled.wrappedBuffer(PATTERN);

  private final int count;
  private final boolean ordered;
  private int last = -1;
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong damaged = new AtomicLong();
  private volatile boolean ended;

  /**
   * A check.
   *
   * @param count how many packets there are
   * @param ordered whether the path keeps their order
   */
  NumberedPackets(int count, boolean ordered) {
    this.count = count;
    this.ordered = ordered;
  }

  private static byte[] pattern() {
    byte[] bytes = new byte[OFFSETS + MAX_PAYLOAD];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  static int size(int number) {
    long mixed = (number + 1L) * 0x9E3779B97F4A7C15L;
    mixed ^= mixed >>> 29;
    int bits = (int) Long.remainderUnsigned(mixed, MAX_BITS + 1);
    return (int) ((mixed >>> 20) % Math.min(1 << bits, MAX_PAYLOAD + 1));
  }

  /** Makes a packet: the number's low bytes, as many as fit, and a piece of the pattern. */
  static ByteBuf packet(ByteBufAllocator allocator, int number) {
    int size = size(number);
    ByteBuf packet = allocator.directBuffer(size, size);
    int head = Math.min(size, Integer.BYTES);
    for (int i = 0; i < head; i++) {
      packet.writeByte(number >>> (Byte.SIZE * i));
    }
    return packet.writeBytes(PATTERN, offset(number), size - head);
  }

  /** Makes the packet after which nothing comes. It may come more than once. */
  static ByteBuf end() {
    return Unpooled.buffer(Integer.BYTES).writeIntLE(END);
  }

  private static int offset(int number) {
    return number & (OFFSETS - 1);
  }

  long received() {
    return received.get();
  }

  long damaged() {
    return damaged.get();
  }

  boolean hasEnded() {
    return ended;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    DatagramPacket packet = (DatagramPacket) message;
    ByteBuf content = packet.content();
    if (content.readableBytes() == Integer.BYTES && content.getIntLE(0) == END) {
      ended = true;
    } else {
      if (!isUndamaged(content)) {
        damaged.incrementAndGet();
      }
      received.incrementAndGet();
    }
    packet.release();
  }

  private boolean isUndamaged(ByteBuf content) {
    int size = content.readableBytes();
    if (!ordered && size < Integer.BYTES) {
      return true; // too few bytes to tell which one it is
    }
    int number = size < Integer.BYTES ? nextOfThese(content) : content.getIntLE(0);
    if (number <= last || number >= count || size(number) != size) {
      return false;
    }
    last = ordered ? number : -1;
    int head = Math.min(size, Integer.BYTES);
    return ByteBufUtil.equals(content, head, EXPECTED, offset(number), size - head);
  }

  /** Too few bytes for a number: finds the next packet that has them. */
  private int nextOfThese(ByteBuf content) {
    for (int number = last + 1; number < count; number++) {
      if (size(number) == content.readableBytes() && beginsWith(content, number)) {
        return number;
      }
    }
    return count;
  }

  private static boolean beginsWith(ByteBuf content, int number) {
    for (int i = 0; i < content.readableBytes(); i++) {
      if (content.getByte(i) != (byte) (number >>> (Byte.SIZE * i))) {
        return false;
      }
    }
    return true;
  }
}
