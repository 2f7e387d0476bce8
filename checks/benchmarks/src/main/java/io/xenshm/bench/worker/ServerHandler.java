package io.xenshm.bench.worker;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.xenshm.netty.XenShmChannelOption;

/** The server's end of one connection, the same for all of Netty's transports. */
final class ServerHandler extends ChannelInboundHandlerAdapter {
  private ByteBuf header;
  private Request request;
  private long received;

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    header = ctx.alloc().buffer(Request.BYTES);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    header.release();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (request == null) {
      begin(ctx, bytes);
    }
    if (request == null || !bytes.isReadable()) {
      bytes.release();
    } else if (request.echo()) {
      ctx.write(bytes, ctx.voidPromise());
    } else {
      count(ctx, bytes.readableBytes());
      bytes.release();
    }
  }

  private void begin(ChannelHandlerContext ctx, ByteBuf bytes) {
    header.writeBytes(bytes, Math.min(bytes.readableBytes(), header.writableBytes()));
    if (header.readableBytes() < Request.BYTES) {
      return;
    }
    request = Request.read(header);
    if (!request.spins()) {
      ctx.channel().config().setOption(XenShmChannelOption.XENSHM_SPIN_MICROS, 0);
    }
    ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte(1), ctx.voidPromise());
  }

  private void count(ChannelHandlerContext ctx, int bytes) {
    received += bytes;
    if (received == request.total()) {
      ctx.writeAndFlush(ctx.alloc().buffer(Long.BYTES).writeLong(received), ctx.voidPromise());
      received = 0;
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    ctx.flush();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    System.err.println("server: " + cause);
    ctx.close();
  }
}
