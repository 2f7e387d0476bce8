package io.xenshm.machine;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.util.zip.CRC32;

/**
 * Counts datagrams, and answers a question with how many came and how many of these were damaged.
 *
 * <pre>
 * DATA      'd', CRC-32 of what follows (4 bytes), any bytes
 * QUESTION  'q', number (4 bytes)
 * ANSWER    the question's number (4 bytes), received (8 bytes), damaged (8 bytes)
 * </pre>
 *
 * Others are not counted.
 */
final class DatagramCounter extends SimpleChannelInboundHandler<DatagramPacket> {
  static final int HEADER = 1 + Integer.BYTES;

  private long received;
  private long damaged;

  /** Returns a packet of some of these bytes. */
  static ByteBuf data(byte[] bytes, int from, int length) {
    return Unpooled.buffer(HEADER + length)
        .writeByte('d')
        .writeInt(checksum(bytes, from, length))
        .writeBytes(bytes, from, length);
  }

  static ByteBuf question(int number) {
    return Unpooled.buffer(1 + Integer.BYTES).writeByte('q').writeInt(number);
  }

  private static int checksum(byte[] bytes, int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
    ByteBuf content = packet.content();
    int kind = content.isReadable() ? content.readByte() : 0;
    if (kind == 'q' && content.readableBytes() >= Integer.BYTES) {
      ByteBuf answer = ctx.alloc().buffer();
      answer.writeInt(content.readInt()).writeLong(received).writeLong(damaged);
      ctx.writeAndFlush(new DatagramPacket(answer, packet.sender()));
    } else if (kind == 'd' && content.readableBytes() >= Integer.BYTES) {
      received++;
      int expected = content.readInt();
      byte[] bytes = new byte[content.readableBytes()];
      content.readBytes(bytes);
      damaged += checksum(bytes, 0, bytes.length) == expected ? 0 : 1;
    }
  }
}
