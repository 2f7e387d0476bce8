package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.util.LeakPresenceDetector.AllocationProhibitedException;
import io.xenshm.link.Link;
import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.RingLayout;
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

  /**
   * The end has arrived: all before it is read, whatever auto-read says, as epoll's channel does.
   */
  private boolean hungUp;

  private boolean reset;
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

  /** Auto-read was switched off: a read that found nothing yet is taken back. */
  void cancelRead() {
    readPending = false;
  }

  boolean wantsData() {
    return !ended && (shutdown || hungUp || readPending || channel.config().isAutoRead());
  }

  /** The peer has closed the connection: nothing that it writes later counts. */
  void peerClosed() throws IOException {
    consumer.freeze(RingLayout.CLOSED);
  }

  /** The peer's process or domain has ended: nothing that somebody writes later counts. */
  void peerDied() throws IOException {
    consumer.freeze(RingLayout.OPEN);
  }

  /**
   * Looks whether the end has arrived. While the ring is full it waits behind the data, as a FIN
   * behind a closed window: what the writer gave up at its end would have come before.
   *
   * @param peerGone whether the peer has closed the connection, or died
   */
  void look(boolean peerGone) throws IOException {
    boolean finished = peerGone || consumer.writerState() != RingLayout.OPEN;
    hungUp = finished && (isReset() || !isWindowClosed());
  }

  /** Reads what there is, and returns the steps of work that were done. */
  int read() throws IOException {
    if (wantsData()) {
      return shutdown ? discard() : readMessages();
    }
    return 0;
  }

  /** Says whether a writer with more to write would wait. */
  private boolean isWindowClosed() throws IOException {
    int free = consumer.capacity() - consumer.refresh();
    return free < consumer.capacity() / RingOutput.SPACE_FRACTION;
  }

  private int readMessages() throws IOException {
    if (consumer.refresh() == 0 && !consumer.isFinished()) {
      return 0;
    }
    ChannelPipeline pipeline = channel.pipeline();
    ExtendedHandle allocation = null;
    ByteBuf buffer = null;
    int reads = 0;
    try {
      allocation = (ExtendedHandle) channel.unsafe().recvBufAllocHandle();
      allocation.reset(channel.config());
      do {
        if (consumer.available() == 0) {
          break;
        }
        buffer = allocation.allocate(channel.alloc());
        allocation.attemptedBytesRead(buffer.writableBytes());
        allocation.lastBytesRead(fill(buffer));
        MemoryFaults.tell(); // before a handler sees what is none of the peer's bytes
        allocation.incMessagesRead(1);
        reads++;
        readPending = false;
        ByteBuf message = buffer;
        buffer = null;
        pipeline.fireChannelRead(message);
      } while (!link.isClosed()
          && !shutdown
          && ((hungUp && allocation.lastBytesRead() > 0) || allocation.continueReading()));
      if (reads > 0) {
        allocation.readComplete();
        pipeline.fireChannelReadComplete();
      }
    } catch (Throwable e) {
      readFailed(allocation, buffer, e);
      return reads + 1;
    }
    return reads;
  }

  /** Says whether everything up to the end was read, and the pipeline was not told of the end. */
  boolean hasArrivedAtEnd() throws IOException {
    return !ended && consumer.isFinished();
  }

  /**
   * Tells what epoll's channel tells where the program's code throws, an allocator's or a buffer's.
   * Reading goes on at the next look, unless memory was what there was none of.
   *
   * @param unread what was not told yet; may be {@code null}
   * @throws IOException where it is the peer's failure
   */
  private void readFailed(ExtendedHandle allocation, ByteBuf unread, Throwable cause)
      throws IOException {
    boolean gone = !link.checkMemory();
    if (unread != null && unread.isReadable() && !gone) {
      readPending = false;
      channel.pipeline().fireChannelRead(unread);
    } else if (unread != null) {
      unread.release();
    }
    if (gone || (cause instanceof InternalError && !channel.loop().active().checkMemory())) {
      throw new InternalError("shared memory is gone", cause);
    }
    if (allocation != null) {
      allocation.readComplete();
    }
    channel.pipeline().fireChannelReadComplete();
    if (cause instanceof IOException failure) {
      throw failure;
    }
    channel.pipeline().fireExceptionCaught(cause);
    boolean stops =
        cause instanceof OutOfMemoryError || cause instanceof AllocationProhibitedException;
    if (stops && !link.isClosed()) {
      stopReading();
    }
  }

  /** Tells the pipeline of the end, and closes the channel unless it may be half closed. */
  void end() throws IOException {
    ended = true;
    readPending = false;
    if (shutdown) {
      return;
    }
    if (isReset()) {
      channel.pipeline().fireExceptionCaught(connectionReset());
    }
    if (!link.isClosed()) {
      stopReading();
    }
  }

  private void stopReading() {
    if (channel.config().isAllowHalfClosure()) {
      shutdown = true;
      channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
      channel.pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
    } else {
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
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

  /** Says whether the connection was reset. */
  boolean isReset() throws IOException {
    return reset || consumer.writerState() == RingLayout.RESET;
  }

  /** Says whether the peer gave up what was, or would be, written to it. */
  boolean refusesWrites() throws IOException {
    return reset || consumer.writerState() >= RingLayout.RESET;
  }

  /** Says whether the ring tells that its peer has gone. */
  boolean isPeerGone() throws IOException {
    return consumer.writerState() >= RingLayout.CLOSED;
  }

  /** The peer, which has closed the connection, was written to: that resets it, as over TCP. */
  void answeredByReset() throws IOException {
    reset |= !ended && isWindowClosed(); // else the end had arrived before
  }

  IOException connectionReset() {
    return new IOException("connection reset by the peer in domain " + link.peerDomain());
  }

  /** Says whether the peer has written what nobody will read. */
  boolean hasUnread() {
    try {
      return consumer.refresh() > 0;
    } catch (IOException e) {
      return true; // it broke the protocol
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
