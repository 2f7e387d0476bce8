package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.UncheckedBooleanSupplier;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.Link;
import io.xenshm.link.Link.PeerState;
import io.xenshm.link.LinkHeartbeats;
import io.xenshm.link.LinkListener;
import io.xenshm.ring.PacketRingConsumer;
import io.xenshm.ring.PacketRingProducer;
import io.xenshm.ring.RingViolationException;
import io.xenshm.xen.MemoryFaults;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * The packet rings between a datagram channel and one peer. Belongs to the channel's event loop.
 *
 * <p>Whatever goes wrong ends these rings, not the channel: its packets take UDP then.
 */
final class PacketPeer implements LinkListener, Pollable, Heartbeats.Beating {
  private static final InternalLogger logger = InternalLoggerFactory.getInstance(PacketPeer.class);

  /** Bytes written or read that the peer is not yet told of: it goes on while this side does. */
  private static final int MAX_UNTOLD = 16 * 1024;

  private final XenShmDatagramChannel channel;
  private final PacketRoutes routes;
  private final XenShmLoop loop;
  private final Link link;
  private final InetSocketAddress remote;
  private final boolean began;
  private final ActiveHandles.Slot slot = new ActiveHandles.Slot(this);
  private final PacketRingProducer producer;
  private final PacketRingConsumer consumer;
  private boolean bellArmed;
  private boolean peerMayHaveChanged;
  private boolean peerGone;
  private boolean finished;
  private boolean used = true;
  private int idleLooks;
  private int unpublished;

  /**
   * Creates it.
   *
   * @param remote whom this guest's table, not the peer, says it is
   * @param began whether this side began the link, and granted its pages
   */
  PacketPeer(PacketRoutes routes, Link link, InetSocketAddress remote, boolean began) {
    this.routes = routes;
    channel = routes.channel();
    loop = channel.loop();
    this.link = link;
    this.remote = remote;
    this.began = began;
    producer = new PacketRingProducer(link.producer());
    consumer = new PacketRingConsumer(link.consumer());
  }

  /** Begins to read. */
  void start() {
    link.setListener(this);
    loop.heartbeats().add(this, channel.eventLoop());
  }

  InetSocketAddress remote() {
    return remote;
  }

  @Override
  public int peerDomain() {
    return link.peerDomain();
  }

  /** Says whether packets that are written now would be read. */
  boolean isUsable() {
    return !peerGone && !finished && !link.isClosed();
  }

  boolean began() {
    return began;
  }

  @Override
  public void doorbell() {
    peerMayHaveChanged = true;
    activate();
  }

  @Override
  public void loopEnds() {
    channel.unsafe().closeForcibly();
  }

  void activate() {
    loop.active().add(slot);
  }

  boolean fits(int payload) {
    return producer.fits(payload);
  }

  /**
   * Writes a packet, and leaves its indexes as they are; one that finds no room is dropped.
   *
   * @return what the packet's buffer threw, of which nothing is written then; {@code null} if
   *     nothing
   */
  Throwable write(ByteBuf packet) {
    int readerIndex = packet.readerIndex();
    int size = packet.readableBytes();
    used = true;
    try {
      if (link.isClosed() || !producer.write(packet)) {
        channel.packetDropped();
        return null;
      }
      packet.readerIndex(readerIndex);
      unpublished += size;
      if (unpublished >= MAX_UNTOLD) {
        publish();
      }
    } catch (RingViolationException e) {
      channel.packetDropped();
      failed(e);
    } catch (Throwable e) {
      if (isMemoryThere(e)) {
        return e;
      }
      channel.packetDropped();
      memoryGone(e);
    }
    return null;
  }

  /** Shows the peer what was written. */
  void publish() {
    unpublished = 0;
    try {
      if (!link.isClosed() && producer.publish() && producer.takeDataBell()) {
        link.ring();
      }
      MemoryFaults.tell();
    } catch (InternalError e) {
      memoryGone(e);
    }
  }

  @Override
  public long spinNanos() {
    return TimeUnit.MICROSECONDS.toNanos(channel.config().getSpinMicros());
  }

  @Override
  public int poll() {
    if (link.isClosed()) {
      return 0;
    }
    try {
      return doWhatCanBeDone();
    } catch (Throwable e) {
      failed(e);
    }
    return 1;
  }

  @Override
  public boolean checkMemory() {
    peerMayHaveChanged = true;
    return link.checkMemory();
  }

  /** What memory that is gone brings about looks like a fault of the peer's or the program's. */
  private boolean isMemoryThere(Throwable failure) {
    return link.checkMemory()
        && (!(failure instanceof InternalError) || loop.active().checkMemory());
  }

  /** The kernel took the memory away, which it does where the guest was suspended and resumed. */
  private void memoryGone(Throwable fault) {
    logger.debug("{}: rings with {} closed: their memory is gone", channel, remote, fault);
    link.lost();
    close();
  }

  private int doWhatCanBeDone() throws IOException {
    if (peerMayHaveChanged) {
      peerMayHaveChanged = false;
      PeerState state = link.peerState();
      if (state == PeerState.LOST) {
        logger.debug("{}: rings with {} closed: this guest was suspended", channel, remote);
        close();
        return 1;
      }
      if (state != PeerState.OPEN) {
        peerGone = true;
        routes.forget(this);
      }
    }
    if (bellArmed) {
      consumer.disarmDataBell();
      bellArmed = false;
    }
    int count = channel.wantsPackets() ? read() : 0;
    if (count == 0 && hasEnded()) {
      close();
      return 1;
    }
    return count;
  }

  /** Says whether all is read, and nothing more comes. */
  private boolean hasEnded() throws IOException {
    return !link.isClosed()
        && consumer.next() == PacketRingConsumer.NONE
        && (peerGone || link.consumer().isFinished());
  }

  private int read() throws IOException {
    int length = consumer.next();
    if (length == PacketRingConsumer.NONE) {
      return 0;
    }
    used = true;
    ChannelPipeline pipeline = channel.pipeline();
    ExtendedHandle allocation = null;
    int count = 0;
    try {
      allocation = (ExtendedHandle) channel.unsafe().recvBufAllocHandle();
      allocation.reset(channel.config());
      int unreleased = 0;
      do {
        ByteBuf packet = readPacket(length);
        unreleased += length;
        if (unreleased >= MAX_UNTOLD) {
          consumer.release();
          unreleased = 0;
        }
        count++;
        channel.packetRead();
        pipeline.fireChannelRead(new DatagramPacket(packet, channel.localAddress(), remote));
        allocation.attemptedBytesRead(length);
        allocation.lastBytesRead(length);
        allocation.incMessagesRead(1);
        length = link.isClosed() ? PacketRingConsumer.NONE : consumer.next();
      } while (allocation.continueReading(UncheckedBooleanSupplier.TRUE_SUPPLIER)
          && length != PacketRingConsumer.NONE);
      release();
      allocation.readComplete();
      pipeline.fireChannelReadComplete();
    } catch (Throwable e) {
      readFailed(allocation, e);
      count++;
    }
    return count;
  }

  private void release() {
    if (!link.isClosed()) {
      consumer.release();
    }
  }

  /**
   * As epoll's channel, whose pipeline is told what the program's code threw, and which reads on.
   */
  private void readFailed(ExtendedHandle allocation, Throwable cause) throws IOException {
    if (cause instanceof RingViolationException violation) {
      throw violation;
    }
    if (!isMemoryThere(cause)) {
      throw new InternalError("shared memory is gone", cause);
    }
    release();
    if (allocation != null) {
      allocation.readComplete();
    }
    channel.pipeline().fireChannelReadComplete();
    channel.pipeline().fireExceptionCaught(cause);
  }

  private ByteBuf readPacket(int length) throws IOException {
    ByteBuf packet = channel.alloc().ioBuffer(length, length);
    boolean filled = false;
    try {
      consumer.read(packet);
      MemoryFaults.tell(); // before a handler sees what is none of the peer's bytes
      filled = true;
      return packet;
    } finally {
      if (!filled) {
        packet.release();
      }
    }
  }

  @Override
  public boolean prepareToSleep() {
    if (link.isClosed()) {
      return true;
    }
    if (peerMayHaveChanged) {
      return false;
    }
    try {
      if (!channel.wantsPackets()) {
        return true;
      }
      if (!bellArmed) {
        consumer.armDataBell();
        bellArmed = true;
      }
      return consumer.next() == PacketRingConsumer.NONE && !link.consumer().isFinished();
    } catch (IOException | InternalError e) {
      failed(e);
    }
    return true;
  }

  @Override
  public Link link() {
    return link;
  }

  @Override
  public void peerIsSilent(long millis) {
    logger.warn(
        "{}: rings with {} closed: no sign of life of the peer in domain {} for {} ms ({})",
        channel,
        remote,
        link.peerDomain(),
        millis,
        LinkHeartbeats.SILENCE_PROPERTY);
    close();
  }

  /**
   * Begins to part where there was no packet since the look before the last one. The peer reads
   * all, and closes; until then this side reads, so that no packet is lost.
   */
  void closeIfIdle() {
    if (used) {
      used = false;
      idleLooks = 0;
    } else if (finished) {
      close();
    } else if (++idleLooks > 1) {
      finished = true;
      routes.forget(this);
      link.producer().finish();
      link.ring();
    }
  }

  @Override
  public void failed(Throwable cause) {
    if (!isMemoryThere(cause)) {
      memoryGone(cause); // what was read from it is not the peer's fault
      return;
    }
    IOException failure =
        new IOException(
            "rings with "
                + remote
                + " (domain "
                + link.peerDomain()
                + ") closed, its packets take UDP: "
                + cause.getMessage(),
            cause);
    XenShmMetrics.packetRingsFailed();
    if (cause instanceof RingViolationException) {
      routes.distrust(this);
    }
    close();
    channel.pipeline().fireExceptionCaught(failure);
  }

  void close() {
    loop.heartbeats().remove(this);
    loop.handshakes().run(link.peerDomain(), link::close);
    routes.remove(this);
  }
}
