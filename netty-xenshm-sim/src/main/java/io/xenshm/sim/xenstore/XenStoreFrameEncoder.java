package io.xenshm.sim.xenstore;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.MessageToByteEncoder;
import io.xenshm.xenstore.XenStoreFrame;
import java.nio.ByteBuffer;

/** Writes {@link XenStoreFrame}s. */
public final class XenStoreFrameEncoder extends MessageToByteEncoder<XenStoreFrame> {

  /** Creates an encoder for one channel. */
  public XenStoreFrameEncoder() {
    super(XenStoreFrame.class);
  }

  @Override
  protected void encode(ChannelHandlerContext ctx, XenStoreFrame frame, ByteBuf out) {
    out.ensureWritable(frame.size());
    ByteBuffer bytes = out.nioBuffer(out.writerIndex(), frame.size());
    frame.encode(bytes);
    out.writerIndex(out.writerIndex() + frame.size());
  }
}
