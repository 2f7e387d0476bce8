package io.xenshm.examples.transfer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.List;

/** Makes a {@link TransferHeader} of the first bytes, then lets everything pass. */
final class TransferHeaderDecoder extends ByteToMessageDecoder {

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (in.readableBytes() < TransferHeader.BYTES) {
      return;
    }
    TransferHeader header = TransferHeader.read(in);
    if (header.length() < 0) {
      throw new CorruptedFrameException("length of a file is negative: " + header.length());
    }
    out.add(header);
    ctx.pipeline().remove(this);
  }
}
