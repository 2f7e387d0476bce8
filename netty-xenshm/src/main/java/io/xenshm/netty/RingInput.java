package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.xenshm.link.Link;
import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.xen.MemoryFaults;
import java.io.IOException;

/** What a channel reads from its ring. Belongs to the channel's event loop. */
final class RingInput {
  /** Read bytes are given back to the peer in pieces of this fraction of the ring. */
  private static final int RELEASE_FRACTION = 8;

  private final XenShmSocketChannel channel;
  private final Link link;
  private final ByteRingConsumer consumer;
  private final int releaseSize;
  private boolean readPending;
  private volatile boolean shutdown;
  private boolean ended;
  private boolean bellArmed;

  RingInput(XenShmSocketChannel channel, Link link) {
    this.channel = channel;
    this.link = link;
    consumer = link.consumer();
    releaseSize = consumer.capacity() / RELEASE_FRACTION;
  }

  /** Reads once even where auto-read is off. */
  void beginRead() {
    readPending = true;
  }

  private boolean wantsData() {
    return !ended && (shutdown || readPending || channel.config().isAutoRead());
  }

  /**
   * Reads what there is, and returns the steps of work that were done. The end of the input is told
   * also to those who do not read, once they have read all before.
   */
  int read() throws IOException {
    if (wantsData()) {
      return shutdown ? discard() : readMessages();
    }
    if (!ended && consumer.isFinished()) {
      end();
      return 1;
    }
    return 0;
  }

  private int readMessages() throws IOException {
    if (consumer.refresh() == 0 && !consumer.isFinished()) {
      return 0;
    }
    ChannelPipeline pipeline = channel.pipeline();
    ExtendedHandle allocation = (ExtendedHandle) channel.unsafe().recvBufAllocHandle();
    allocation.reset(channel.config());
    int reads = 0;
    do {
      if (consumer.available() == 0) {
        break;
      }
      ByteBuf buffer = readBuffer(allocation);
      allocation.incMessagesRead(1);
      reads++;
      readPending = false;
      pipeline.fireChannelRead(buffer);
    } while (!link.isClosed() && !shutdown && allocation.continueReading());
    if (reads > 0) {
      allocation.readComplete();
      pipeline.fireChannelReadComplete();
    }
    if (!link.isClosed() && consumer.isFinished()) {
      end();
      return reads + 1;
    }
    return reads;
  }

  private void end() {
    ended = true;
    readPending = false;
    if (shutdown) {
      return;
    }
    if (channel.config().isAllowHalfClosure()) {
      shutdown = true;
      channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
      channel.pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
    } else {
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }

  private ByteBuf readBuffer(ExtendedHandle allocation) throws IOException {
    ByteBuf buffer = allocation.allocate(channel.alloc());
    boolean filled = false;
    try {
      allocation.attemptedBytesRead(buffer.writableBytes());
      allocation.lastBytesRead(fill(buffer));
      MemoryFaults.tell(); // before a handler sees what is none of the peer's bytes
      filled = true;
    } finally {
      if (!filled) {
        buffer.release();
      }
    }
    return buffer;
  }

  /** Gives space back in pieces, so that the peer writes while this side still reads. */
  private int fill(ByteBuf buffer) throws IOException {
    int total = 0;
    int count;
    do {
      count = consumer.read(buffer, releaseSize);
      releaseSpace();
      total += count;
    } while (count == releaseSize && buffer.isWritable());
    return total;
  }

  /** After a shutdown of the input, what still comes is thrown away, as a socket does. */
  private int discard() throws IOException {
    int count = consumer.skip(consumer.refresh());
    releaseSpace();
    if (consumer.isFinished()) {
      ended = true;
    }
    return count > 0 ? 1 : 0;
  }

  /**
   * A writer that sleeps is woken when half of the ring is free, and not for every piece: it has
   * much to do then. A reader that stops earlier leaves it asleep, as there is nobody to read more.
   */
  private void releaseSpace() {
    if (consumer.release()
        && consumer.knownFree() >= consumer.capacity() / 2
        && consumer.takeSpaceBell()) {
      link.ring();
    }
  }

  /** Says whether nothing is left to read, as far as is known. */
  boolean isDrained() throws IOException {
    return ended || consumer.available() == 0;
  }

  /** Arms the doorbell where it matters; false where there is something to read after all. */
  boolean armBell() throws IOException {
    if (!wantsData()) {
      return true;
    }
    if (!bellArmed) {
      consumer.armDataBell();
      bellArmed = true;
    }
    return consumer.refresh() == 0 && !consumer.isFinished();
  }

  void disarmBell() {
    if (bellArmed) {
      consumer.disarmDataBell();
      bellArmed = false;
    }
  }

  void shutdown() {
    shutdown = true;
  }

  /** From any thread. */
  boolean isShutdown() {
    return shutdown;
  }

  String describe() {
    return consumer.describe()
        + (wantsData() ? ", wants data" : ", wants no data")
        + (shutdown ? ", shut down" : "")
        + (ended ? ", ended" : "");
  }
}
