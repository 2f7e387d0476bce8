package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.xenshm.link.Link;
import io.xenshm.link.Link.PeerState;
import io.xenshm.link.LinkListener;
import io.xenshm.ring.ByteRingConsumer;
import io.xenshm.ring.ByteRingProducer;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Carries a channel's bytes through a link's rings. Belongs to the channel's event loop. Where the
 * channel moved to another loop than the link's home, home forwards the doorbell and gives the
 * signs of life.
 *
 * <p>A doorbell only makes the event loop look: all work happens in {@link #poll()}.
 */
final class RingCarrier implements Carrier, LinkListener, Pollable, Heartbeats.Beating {
  /**
   * Written bytes that the peer is not yet told of: small enough that it reads while this side
   * still writes.
   */
  private static final int MAX_UNPUBLISHED = 16 * 1024;

  /** A flush gives way to others after this many times the ring's size. */
  private static final int MAX_FLUSH_IN_RINGS = 8;

  /** A full ring is written to again when this fraction of it is free. */
  private static final int SPACE_FRACTION = 4;

  /** Read bytes are given back to the peer in pieces of this fraction of the ring. */
  private static final int RELEASE_FRACTION = 8;

  private final XenShmSocketChannel channel;
  private final Heartbeats heartbeats;
  private XenShmLoop loop;
  private final ActiveHandles.Slot slot;
  private final Link link;
  private final ByteRingProducer producer;
  private final ByteRingConsumer consumer;
  private final RingFileWriter fileWriter;
  private final int releaseSize;
  private PeerState peer = PeerState.OPEN;
  private boolean readPending;
  private volatile boolean inputShutdown;
  private boolean inputEnded;
  private volatile boolean outputShutdown;
  private boolean waitsForSpace;
  private boolean dataBellArmed;
  private boolean spaceBellArmed;
  private boolean peerMayHaveChanged;
  private boolean suspended;
  private int unpublished;
  private int silentLooks;

  RingCarrier(XenShmSocketChannel channel, XenShmLoop loop, Link link) {
    this.channel = channel;
    this.loop = loop;
    heartbeats = loop.heartbeats();
    this.link = link;
    slot = new ActiveHandles.Slot(this);
    producer = link.producer();
    consumer = link.consumer();
    fileWriter = new RingFileWriter(producer);
    releaseSize = consumer.capacity() / RELEASE_FRACTION;
    link.setListener(this);
    heartbeats.add(this, channel.eventLoop());
  }

  @Override
  public void doorbell() {
    peerMayHaveChanged = true;
    activate();
  }

  @Override
  public void loopEnds() {
    if (channel.eventLoop().inEventLoop()) {
      homeEnds();
    } else {
      channel.eventLoop().execute(this::homeEnds);
    }
  }

  @Override
  public void homeEnds() {
    fail(homeEnded());
  }

  private IOException homeEnded() {
    return new IOException(
        "connection lost: the event loop that it was first registered with has ended, and with it"
            + " the event channel to domain "
            + link.peerDomain());
  }

  @Override
  public int peerDomain() {
    return link.peerDomain();
  }

  @Override
  public int beat() {
    if (link.isClosed()) {
      return 0;
    }
    try {
      silentLooks = link.beat() ? 0 : silentLooks + 1;
    } catch (InternalError e) {
      link.lost();
    }
    link.look();
    return silentLooks;
  }

  @Override
  public void peerIsSilent(long millis) {
    IOException cause =
        new IOException(
            "connection lost: no sign of life of the peer in domain "
                + link.peerDomain()
                + " for "
                + millis
                + " ms; a guest that hangs, or is paused ("
                + Heartbeats.SILENCE_PROPERTY
                + ")");
    link.runAtUser(() -> fail(cause));
  }

  private void activate() {
    if (!suspended) {
      loop.active().add(slot);
    }
  }

  /**
   * The channel is not registered: nothing is read or written until {@link #resume(XenShmLoop)}.
   */
  void suspend() {
    if (!link.isClosed()) {
      suspended = true;
      loop.active().remove(slot);
      link.park();
    }
  }

  /**
   * Goes on with the loop that the channel is now registered with.
   *
   * @throws IOException if the loop that the link's port belongs to has ended
   */
  void resume(XenShmLoop newLoop) throws IOException {
    if (!suspended) {
      return;
    }
    if (!link.use(channel.eventLoop())) {
      throw homeEnded();
    }
    suspended = false;
    loop = newLoop;
    if (outputShutdown) {
      finishOutput();
    }
    ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
    waitsForSpace = pending != null && !pending.isEmpty();
    doorbell();
  }

  @Override
  public void beginRead() {
    readPending = true;
    activate();
  }

  @Override
  public long spinNanos() {
    return TimeUnit.MICROSECONDS.toNanos(channel.config().getSpinMicros());
  }

  @Override
  public int poll() {
    try {
      return suspended || link.isClosed() ? 0 : doWhatCanBeDone();
    } catch (IOException | RuntimeException e) {
      fail(e);
    } catch (InternalError e) {
      fail(memoryGone("connection lost", e));
    }
    return 1;
  }

  @Override
  public void checkMemory() {
    link.checkMemory();
    peerMayHaveChanged = true;
  }

  /** The kernel took the memory away, which it does where the guest was suspended and resumed. */
  private IOException memoryGone(String what, InternalError fault) {
    link.lost();
    IOException cause = suspended(what);
    cause.initCause(fault);
    return cause;
  }

  @Override
  public boolean prepareToSleep() {
    try {
      return suspended || link.isClosed() || armBells();
    } catch (IOException e) {
      fail(e);
    } catch (InternalError e) {
      fail(memoryGone("connection lost", e));
    }
    return true;
  }

  private void fail(Exception e) {
    channel.pipeline().fireExceptionCaught(e);
    channel.unsafe().close(channel.unsafe().voidPromise());
  }

  private int doWhatCanBeDone() throws IOException {
    if (peerMayHaveChanged) {
      peerMayHaveChanged = false;
      peer = link.peerState();
    }
    if (peer == PeerState.LOST) {
      throw suspended("connection lost");
    }
    disarmBells();
    int steps = 0;
    if (waitsForSpace && (peer != PeerState.OPEN || hasSpace())) {
      channel.flushNow();
      steps++;
    }
    if (!link.isClosed()) {
      steps += readInput();
    }
    if (!link.isClosed() && peer == PeerState.DIED && (inputEnded || consumer.available() == 0)) {
      throw new IOException(
          "connection lost: the peer in domain " + link.peerDomain() + " ended without closing it");
    }
    return steps;
  }

  private IOException suspended(String what) {
    return new IOException(
        what
            + ": this guest was suspended and resumed, which ended all memory that it shared, with"
            + " domain "
            + link.peerDomain()
            + " too; connect again");
  }

  /** The end of the input is told also to those who do not read, once they have read all before. */
  private int readInput() throws IOException {
    if (wantsData()) {
      return inputShutdown ? discard() : read();
    }
    if (!inputEnded && consumer.isFinished()) {
      endInput();
      return 1;
    }
    return 0;
  }

  /** Arms the doorbells that matter; false where there is something to do after all. */
  private boolean armBells() throws IOException {
    if (peerMayHaveChanged) {
      return false;
    }
    boolean awaitsData = wantsData();
    if (awaitsData && !dataBellArmed) {
      consumer.armDataBell();
      dataBellArmed = true;
    }
    if (waitsForSpace && !spaceBellArmed) {
      producer.armSpaceBell();
      spaceBellArmed = true;
    }
    if (awaitsData && (consumer.refresh() > 0 || consumer.isFinished())) {
      return false;
    }
    return !waitsForSpace || !hasSpace();
  }

  private void disarmBells() {
    if (dataBellArmed) {
      consumer.disarmDataBell();
      dataBellArmed = false;
    }
    if (spaceBellArmed) {
      producer.disarmSpaceBell();
      spaceBellArmed = false;
    }
  }

  private boolean hasSpace() throws IOException {
    return producer.free() >= producer.capacity() / SPACE_FRACTION;
  }

  private boolean wantsData() {
    return !inputEnded && (inputShutdown || readPending || channel.config().isAutoRead());
  }

  private int read() throws IOException {
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
    } while (!link.isClosed() && !inputShutdown && allocation.continueReading());
    if (reads > 0) {
      allocation.readComplete();
      pipeline.fireChannelReadComplete();
    }
    if (!link.isClosed() && consumer.isFinished()) {
      endInput();
      return reads + 1;
    }
    return reads;
  }

  private void endInput() {
    inputEnded = true;
    readPending = false;
    if (inputShutdown) {
      return;
    }
    if (channel.config().isAllowHalfClosure()) {
      inputShutdown = true;
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
      inputEnded = true;
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

  @Override
  public void write(ChannelOutboundBuffer buffer) throws Exception {
    if (suspended) {
      return; // resume() looks for what is to be written
    }
    try {
      writeNow(buffer);
    } catch (InternalError e) {
      throw memoryGone("broken pipe", e);
    }
  }

  private void writeNow(ChannelOutboundBuffer buffer) throws Exception {
    peer = link.peerState();
    if (peer == PeerState.LOST) {
      throw suspended("broken pipe");
    }
    if (peer != PeerState.OPEN) {
      throw new IOException(
          "broken pipe: the peer in domain " + link.peerDomain() + " has closed the connection");
    }
    waitsForSpace = false;
    long limit = producer.written() + (long) producer.capacity() * MAX_FLUSH_IN_RINGS;
    for (Object message = buffer.current(); message != null; message = buffer.current()) {
      boolean complete =
          message instanceof ByteBuf bytes
              ? write(buffer, bytes)
              : write(buffer, (FileRegion) message);
      if (!complete || producer.written() > limit) {
        waitsForSpace = true;
        break;
      }
    }
    publish();
    if (waitsForSpace) {
      activate();
    }
  }

  private boolean write(ChannelOutboundBuffer buffer, ByteBuf bytes) throws IOException {
    int before = bytes.readableBytes();
    int count = -1;
    while (bytes.isReadable() && count != 0) {
      count = producer.write(bytes, Math.min(bytes.readableBytes(), MAX_UNPUBLISHED));
      written(count);
    }
    return progressed(buffer, before - bytes.readableBytes(), !bytes.isReadable());
  }

  private boolean write(ChannelOutboundBuffer buffer, FileRegion region) throws IOException {
    long before = region.transferred();
    long count = -1;
    while (region.transferred() < region.count() && count != 0) {
      count = fileWriter.write(region);
      if (count < 0 || (count == 0 && producer.free() > 0)) {
        channel.checkRegion(region);
        count = 0;
      }
      written((int) count);
    }
    return progressed(
        buffer, region.transferred() - before, region.transferred() >= region.count());
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

  private void written(int count) {
    unpublished += count;
    if (unpublished >= MAX_UNPUBLISHED) {
      publish();
    }
  }

  private void publish() {
    unpublished = 0;
    if (producer.publish() && producer.takeDataBell()) {
      link.ring();
    }
  }

  @Override
  public void shutdownInput(ChannelPromise promise) {
    inputShutdown = true;
    activate();
    promise.setSuccess();
  }

  @Override
  public void shutdownOutput() {
    if (!outputShutdown) {
      outputShutdown = true;
      waitsForSpace = false;
      if (!suspended) {
        finishOutput();
      }
    }
  }

  private void finishOutput() {
    producer.finish();
    link.ring();
  }

  @Override
  public boolean isInputShutdown() {
    return inputShutdown;
  }

  @Override
  public boolean isOutputShutdown() {
    return outputShutdown;
  }

  @Override
  public String describe() {
    String peerText = "rings with domain " + link.peerDomain();
    if (suspended || link.isClosed()) {
      return peerText + (suspended ? ", not registered" : ", closed");
    }
    return peerText
        + " ("
        + link.peerState()
        + ", silent for "
        + silentLooks
        + " looks"
        + (link.isAtHome() ? "" : ", doorbell of another loop")
        + "); out: "
        + producer.describe()
        + (waitsForSpace ? ", waits for space" : "")
        + (outputShutdown ? ", shut down" : "")
        + "; in: "
        + consumer.describe()
        + (wantsData() ? ", wants data" : ", wants no data")
        + (inputShutdown ? ", shut down" : "")
        + (inputEnded ? ", ended" : "");
  }

  @Override
  public void close() {
    if (!link.isClosed()) {
      link.runAtHome(() -> heartbeats.remove(this));
      loop.handshakes().run(link.peerDomain(), link::close);
    }
  }
}
