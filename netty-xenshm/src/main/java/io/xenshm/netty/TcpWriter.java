package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelOutboundBuffer.MessageProcessor;
import io.netty.channel.DefaultChannelProgressivePromise;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.unix.Socket;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;

/**
 * Hands a channel's flushed messages over to its TCP socket's channel, all of them at once, and
 * removes each when it is written. One buffer alone goes to the socket directly. The channel's own
 * outbound buffer stays the one that counts.
 *
 * <p>It is the promise of all messages: they are written in order, so that each success is the
 * oldest one's. So a message costs no promise of its own.
 */
final class TcpWriter extends DefaultChannelProgressivePromise implements MessageProcessor {
  private final XenShmSocketChannel channel;
  private final EpollSocketChannel socket;
  private final Socket descriptor;
  private final ArrayDeque<Object> handedOver = new ArrayDeque<>();
  private long progress;
  private Throwable failure;
  private boolean writing;

  TcpWriter(XenShmSocketChannel channel, EpollSocketChannel socket) {
    super(socket);
    this.channel = channel;
    this.socket = socket;
    descriptor = (Socket) socket.fd();
  }

  /**
   * Writes what can be, see {@link Carrier#write}.
   *
   * @throws Exception if the socket failed
   */
  void write(ChannelOutboundBuffer buffer) throws Exception {
    if (!handedOver.isEmpty()) {
      return; // goes on with what is new when those are written
    }
    writeSingle(buffer);
    writing = true;
    try {
      handOver(buffer);
    } finally {
      writing = false;
    }
    if (failure instanceof Exception e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    }
  }

  /**
   * The most common flush, of one buffer, spares the socket's channel where the kernel takes it.
   */
  private void writeSingle(ChannelOutboundBuffer buffer) throws IOException {
    if (buffer.size() == 1
        && buffer.current() instanceof ByteBuf bytes
        && bytes.hasMemoryAddress()
        && bytes.isReadable()
        && socket.isOpen()) {
      int count =
          descriptor.sendAddress(bytes.memoryAddress(), bytes.readerIndex(), bytes.writerIndex());
      if (count > 0) {
        buffer.removeBytes(count);
      }
    }
  }

  /** Says whether the socket has messages to write, or is being given some. */
  boolean isWriting() {
    return failure == null && (writing || !handedOver.isEmpty());
  }

  private void handOver(ChannelOutboundBuffer buffer) throws Exception {
    if (buffer.isEmpty()) {
      return;
    }
    buffer.forEachFlushedMessage(this);
    if (handedOver.isEmpty()) {
      removeCancelled(buffer);
    } else {
      socket.unsafe().flush();
    }
  }

  @Override
  public boolean processMessage(Object message) {
    ReferenceCountUtil.retain(message);
    handedOver.add(message);
    socket.unsafe().write(message, this);
    return failure == null;
  }

  /**
   * Removes the cancelled messages before the one that is being written: those were not handed
   * over.
   */
  String describe() {
    return "handed over "
        + handedOver.size()
        + " messages"
        + (failure == null ? "" : ", failed: " + failure);
  }

  private void removeCancelled(ChannelOutboundBuffer buffer) {
    boolean more = true;
    while (more && !isOldestHandedOver(buffer.current())) {
      more = buffer.remove();
    }
  }

  @SuppressWarnings("ReferenceEquality") // the very same message
  private boolean isOldestHandedOver(Object message) {
    return message == handedOver.peek();
  }

  @Override
  public boolean tryProgress(long current, long total) {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    if (buffer != null) {
      removeCancelled(buffer);
      buffer.progress(current - progress);
      progress = current;
    }
    return true;
  }

  @Override
  public boolean trySuccess(Void result) {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    if (buffer != null) {
      removeCancelled(buffer);
    }
    handedOver.poll();
    progress = 0;
    if (buffer != null) {
      buffer.remove();
      if (handedOver.isEmpty() && !buffer.isEmpty() && failure == null) {
        handOverMore(buffer);
      }
    }
    return true;
  }

  /**
   * Goes on with what was flushed meanwhile. The socket's channel is still writing, and takes it.
   */
  private void handOverMore(ChannelOutboundBuffer buffer) {
    try {
      handOver(buffer);
    } catch (Exception e) {
      tryFailure(e);
    }
  }

  @Override
  public boolean tryFailure(Throwable cause) {
    if (failure == null) {
      failure = reasonOf(cause);
      if (!writing && channel.unsafe().outboundBuffer() != null) {
        channel.writeFailed(failure);
      }
    }
    return true;
  }

  /** Where a write's failure shut the socket's output down, it is that failure that counts. */
  private static Throwable reasonOf(Throwable cause) {
    return cause instanceof ChannelOutputShutdownException && cause.getCause() != null
        ? cause.getCause()
        : cause;
  }
}
