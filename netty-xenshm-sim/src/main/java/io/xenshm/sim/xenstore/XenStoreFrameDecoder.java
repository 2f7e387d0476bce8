package io.xenshm.sim.xenstore;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.xenshm.xenstore.XenStoreFrame;
import io.xenshm.xenstore.XenStoreFrameException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Reads {@link XenStoreFrame}s. A malformed frame ends as a {@link
 * io.netty.handler.codec.DecoderException} in the pipeline, once: what follows it is dropped.
 */
public final class XenStoreFrameDecoder extends ByteToMessageDecoder {
  private boolean malformed;

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws XenStoreFrameException {
    if (malformed) {
      in.skipBytes(in.readableBytes());
      return;
    }
    ByteBuffer bytes = in.nioBuffer();
    try {
      XenStoreFrame frame = XenStoreFrame.decode(bytes);
      if (frame != null) {
        in.skipBytes(frame.size());
        out.add(frame);
      }
    } catch (XenStoreFrameException e) {
      malformed = true;
      in.skipBytes(in.readableBytes());
      throw e;
    }
  }
}
