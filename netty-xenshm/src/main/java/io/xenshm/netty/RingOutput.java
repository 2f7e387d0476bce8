package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.FileRegion;
import io.netty.channel.unix.UnixChannelUtil;
import io.xenshm.link.Link;
import io.xenshm.ring.ByteRingProducer;
import io.xenshm.ring.RingViolationException;
import io.xenshm.xen.MemoryFaults;
import java.io.IOException;

/** What a channel writes into its ring. Belongs to the channel's event loop. */
final class RingOutput {
  /**
   * Written bytes that the peer is not yet told of: small enough that it reads while this side
   * still writes.
   */
  static final int MAX_UNPUBLISHED = 16 * 1024;

  /** A flush gives way to others after this many times the ring's size. */
  private static final int MAX_FLUSH_IN_RINGS = 8;

  /** A full ring is written to again when this fraction of it is free. */
  static final int SPACE_FRACTION = 4;

  private final XenShmSocketChannel channel;
  private final Link link;
  private final ByteRingProducer producer;
  private final RingFileWriter fileWriter;
  private volatile boolean shutdown;
  private boolean waitsForSpace;
  private boolean bellArmed;
  private int unpublished;

  RingOutput(XenShmSocketChannel channel, Link link) {
    this.channel = channel;
    this.link = link;
    producer = link.producer();
    fileWriter = new RingFileWriter(link, this);
  }

  /**
   * Writes a message for which nothing else waits, and tells the peer; false, and nothing done,
   * where there is no room for all of it.
   *
   * @throws IOException if the peer's index or state cannot be true
   */
  boolean writeAtOnce(ByteBuf bytes) throws IOException {
    int size = bytes.readableBytes();
    if (!producer.hasFree(size)) {
      return false;
    }
    producer.write(bytes, size);
    publish();
    return true;
  }

  /** Writes as much as can be; {@link #waitsForSpace()} tells whether something is left. */
  void write(ChannelOutboundBuffer buffer) throws IOException {
    waitsForSpace = false;
    long limit = producer.written() + (long) producer.capacity() * MAX_FLUSH_IN_RINGS;
    for (Object message = buffer.current(); message != null; message = buffer.current()) {
      boolean complete =
          message instanceof ByteBuf bytes
              ? write(buffer, bytes)
              : write(buffer, (FileRegion) message);
      if (!complete || producer.written() > limit) {
        break;
      }
    }
    waitsForSpace = !shutdown && !link.isClosed() && !buffer.isEmpty();
    publish();
  }

  private boolean write(ChannelOutboundBuffer buffer, ByteBuf bytes) throws IOException {
    int before = bytes.readableBytes();
    int count = -1;
    while (bytes.isReadable() && count != 0) {
      try {
        count = producer.write(bytes, Math.min(bytes.readableBytes(), MAX_UNPUBLISHED));
      } catch (Throwable e) {
        boolean isFirst = count < 0 && buffer.currentProgress() == 0;
        if (isFirst && link.checkMemory() && failsAlone(bytes, e)) {
          buffer.remove(e);
          return true;
        }
        throw e;
      }
      written(count);
    }
    return progressed(buffer, before - bytes.readableBytes(), !bytes.isReadable());
  }

  /**
   * Says whether the failure of a message of which nothing is written is the program's buffer's,
   * and costs that message alone. Epoll's channel copies such a buffer when it is written.
   */
  static boolean failsAlone(ByteBuf bytes, Throwable failure) {
    try {
      return !(failure instanceof RingViolationException)
          && UnixChannelUtil.isBufferCopyNeededForWrite(bytes);
    } catch (Throwable e) {
      return false;
    }
  }

  private boolean write(ChannelOutboundBuffer buffer, FileRegion region) throws IOException {
    long before = region.transferred();
    long most = producer.capacity() * (long) MAX_FLUSH_IN_RINGS;
    long total = 0;
    long count = -1;
    while (region.transferred() < region.count() && count != 0 && total < most) {
      count = fileWriter.write(region);
      if (link.isClosed()) {
        return false; // by the region
      }
      total += count;
      if (count == 0 && producer.free() > 0) {
        channel.checkRegion(region);
      }
    }
    boolean complete =
        progressed(buffer, region.transferred() - before, region.transferred() >= region.count());
    fileWriter.checkClosed();
    return complete;
  }

  private static boolean progressed(ChannelOutboundBuffer buffer, long count, boolean complete) {
    if (count > 0) {
      buffer.progress(count);
    }
    if (complete) {
      buffer.remove();
    }
    return complete;
  }

  /** Counts what was written, and shows it to the peer when that is enough. */
  void written(int count) {
    unpublished += count;
    if (unpublished >= MAX_UNPUBLISHED) {
      publish();
    }
  }

  /** Says whether the peer shows no sign of life for too long. */
  boolean isPeerSilent() {
    return channel.loop().domain().links().heartbeats().isSilent(link);
  }

  /** Shows the peer what was written. */
  void publish() {
    unpublished = 0;
    if (producer.publish() && producer.takeDataBell()) {
      link.ring();
    }
    MemoryFaults.tell(); // before anybody learns that it is written
  }

  boolean waitsForSpace() {
    return waitsForSpace;
  }

  void setWaitsForSpace(boolean waits) {
    waitsForSpace = waits;
  }

  boolean hasSpace() throws IOException {
    return producer.free() >= producer.capacity() / SPACE_FRACTION;
  }

  /** Arms the doorbell where it matters; false where there is something to write after all. */
  boolean armBell() throws IOException {
    if (!waitsForSpace) {
      return true;
    }
    if (!bellArmed) {
      producer.armSpaceBell();
      bellArmed = true;
    }
    return !hasSpace();
  }

  void disarmBell() {
    if (bellArmed) {
      producer.disarmSpaceBell();
      bellArmed = false;
    }
  }

  /** Nothing more is written; {@link #finish} tells the peer. */
  void shutdown() {
    shutdown = true;
    waitsForSpace = false;
  }

  /** From any thread. */
  boolean isShutdown() {
    return shutdown;
  }

  void finish() {
    producer.finish();
    link.ring();
  }

  String describe() {
    return producer.describe()
        + (waitsForSpace ? ", waits for space" : "")
        + (shutdown ? ", shut down" : "");
  }
}
