package io.xenshm.examples.transfer;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Receives one file. Its bytes go to a temporary file that the system removes when this process
 * lets go of it, however it ends. Writing there is as quick as copying memory, so that it happens
 * on the event loop; the digest takes longer and is made on another thread.
 */
final class FileReceiverHandler extends ChannelInboundHandlerAdapter {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(FileReceiverHandler.class);

  private static final int ALLOCATION_BYTES = 1 << 20;

  private final Consumer<String> report;
  private TransferHeader header;
  private FileChannel file;
  private long received;

  /**
   * Creates the handler of one connection.
   *
   * @param report is told how each transfer ended
   */
  FileReceiverHandler(Consumer<String> report) {
    this.report = report;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws IOException {
    try {
      if (message instanceof TransferHeader announced) {
        begin(announced);
        ctx.writeAndFlush(ctx.alloc().buffer(Long.BYTES).writeLong(0));
      } else {
        append((ByteBuf) message);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
    if (received == header.length()) {
      finish(ctx);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws IOException {
    if (file != null) {
      report.accept("lost after " + received + " of " + header.length() + " bytes");
      closeFile();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOGGER.info("{} failed: {}", ctx.channel(), cause.toString());
    ctx.close();
  }

  private void begin(TransferHeader announced) throws IOException {
    header = announced;
    Path path = Files.createTempFile("received-", ".bin");
    file =
        FileChannel.open(
            path,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    allocate(header.length());
  }

  /** Has the file's space allocated ahead: that takes longer than the transfer. */
  private void allocate(long length) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(ALLOCATION_BYTES);
    for (long position = 0; position < length; ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), length - position));
      position += file.write(zeros, position);
    }
  }

  private void append(ByteBuf bytes) throws IOException {
    if (bytes.readableBytes() > header.length() - received) {
      throw new CorruptedFrameException("more bytes than the announced " + header.length());
    }
    while (bytes.isReadable()) {
      received += bytes.readBytes(file, received, bytes.readableBytes());
    }
  }

  private void finish(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(ctx.alloc().buffer(Long.BYTES).writeLong(received));
    FileChannel complete = file;
    file = null;
    CompletableFuture.supplyAsync(() -> digestAndClose(complete))
        .whenCompleteAsync((digest, failure) -> answer(ctx, digest, failure), ctx.executor());
  }

  private void answer(ChannelHandlerContext ctx, byte[] digest, Throwable failure) {
    if (failure != null) {
      ctx.fireExceptionCaught(failure);
      ctx.close();
      return;
    }
    report.accept(
        received + " bytes, digests " + (header.announces(digest) ? "equal" : "DIFFERENT"));
    ctx.writeAndFlush(ctx.alloc().buffer(digest.length).writeBytes(digest));
  }

  private void closeFile() throws IOException {
    FileChannel open = file;
    file = null;
    open.close();
  }

  private static byte[] digestAndClose(FileChannel complete) {
    try (complete) {
      return Sha256.of(complete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
