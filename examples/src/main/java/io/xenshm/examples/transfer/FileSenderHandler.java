package io.xenshm.examples.transfer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.stream.ChunkedNioFile;
import io.xenshm.examples.Endpoint;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/**
 * Sends one file and waits for the receiver's answers. Stands behind a {@code ChunkedWriteHandler},
 * which reads the file as quickly as the channel takes its bytes.
 */
final class FileSenderHandler extends ByteToMessageDecoder {
  private static final int CHUNK_BYTES = 1 << 16;
  private static final int NOT_YET = -1;

  private final SampleFile file;
  private final LongConsumer progress;
  private final CompletableFuture<TransferResult> result;
  private boolean sending;
  private long startedAt;
  private long nanos = NOT_YET;
  private long written;
  private SocketAddress peer;

  /**
   * Creates the handler of one connection.
   *
   * @param progress is told, on the event loop, the number of bytes written so far
   */
  FileSenderHandler(
      SampleFile file, LongConsumer progress, CompletableFuture<TransferResult> result) {
    this.file = file;
    this.progress = progress;
    this.result = result;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    peer = ctx.channel().remoteAddress();
    ByteBuf header = ctx.alloc().buffer(TransferHeader.BYTES);
    file.header().write(header);
    ctx.writeAndFlush(header).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
  }

  private void sendContent(ChannelHandlerContext ctx) throws IOException {
    FileChannel content = FileChannel.open(file.path(), StandardOpenOption.READ);
    startedAt = System.nanoTime();
    sending = true;
    ChannelProgressivePromise promise = ctx.newProgressivePromise();
    promise.addListener(new Progress(ctx));
    ctx.writeAndFlush(new ChunkedNioFile(content, 0, file.length(), CHUNK_BYTES), promise);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws IOException {
    if (!sending && in.readableBytes() >= Long.BYTES) {
      long ready = in.readLong();
      if (ready != 0) {
        throw new IOException("the receiver has " + ready + " bytes before any were sent");
      }
      sendContent(ctx);
    }
    if (nanos == NOT_YET && in.readableBytes() >= Long.BYTES) {
      nanos = System.nanoTime() - startedAt;
      long received = in.readLong();
      if (received != file.length()) {
        throw new IOException("sent " + file.length() + " bytes, " + received + " arrived");
      }
    }
    if (nanos != NOT_YET && in.readableBytes() >= Sha256.BYTES) {
      byte[] digest = new byte[Sha256.BYTES];
      in.readBytes(digest);
      result.complete(
          new TransferResult(
              Endpoint.pathOf(ctx.channel()),
              file.length(),
              nanos,
              file.header().announces(digest)));
      ctx.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    super.channelInactive(ctx);
    fail(new ClosedChannelException());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    fail(cause);
    ctx.close();
  }

  private void fail(Throwable cause) {
    String reason = cause instanceof ClosedChannelException ? "connection lost" : cause.toString();
    result.completeExceptionally(
        new IOException(
            "transfer to "
                + peer
                + " after "
                + written
                + " of "
                + file.length()
                + " bytes: "
                + reason,
            cause));
  }

  /** Follows the content as it is written. */
  private final class Progress implements ChannelProgressiveFutureListener {
    private final ChannelHandlerContext ctx;

    Progress(ChannelHandlerContext ctx) {
      this.ctx = ctx;
    }

    @Override
    public void operationProgressed(ChannelProgressiveFuture future, long done, long total) {
      written = done;
      progress.accept(done);
    }

    @Override
    public void operationComplete(ChannelProgressiveFuture future) {
      if (!future.isSuccess()) {
        ctx.pipeline().fireExceptionCaught(future.cause());
      }
    }
  }
}
