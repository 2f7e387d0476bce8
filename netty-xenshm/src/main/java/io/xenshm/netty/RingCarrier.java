package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.xenshm.link.Link;
import io.xenshm.link.Link.PeerState;
import io.xenshm.link.LinkHeartbeats;
import io.xenshm.link.LinkListener;
import io.xenshm.xen.MemoryFaults;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Carries a channel's bytes through a link's rings. Belongs to the channel's event loop. Where the
 * channel moved to another loop than the link's home, home forwards the doorbell.
 *
 * <p>A doorbell only makes the event loop look: all work happens in {@link #poll()}.
 */
final class RingCarrier implements Carrier, LinkListener, Pollable, Heartbeats.Beating {
  private final XenShmSocketChannel channel;
  private final Heartbeats heartbeats;
  private XenShmLoop loop;
  private final ActiveHandles.Slot slot;
  private final Link link;
  private final RingInput input;
  private final RingOutput output;
  private PeerState peer = PeerState.OPEN;
  private boolean peerMayHaveChanged;
  private boolean suspended;

  /** Something was written although the peer has gone. */
  private boolean writtenInVain;

  /** A write has failed, which the channel is told when it has read what came before. */
  private boolean failsAfterReading;

  /** Further writes fail. A socket gets the peer's RST at that point. */
  private boolean broken;

  RingCarrier(XenShmSocketChannel channel, XenShmLoop loop, Link link) {
    this.channel = channel;
    this.loop = loop;
    heartbeats = loop.heartbeats();
    this.link = link;
    slot = new ActiveHandles.Slot(this);
    input = new RingInput(channel, link);
    output = new RingOutput(channel, link);
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
  public Link link() {
    return link;
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
                + LinkHeartbeats.SILENCE_PROPERTY
                + ")");
    link.runAtUser(
        () -> {
          if (!link.isClosed()) {
            fail(cause);
          }
        });
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
    if (output.isShutdown()) {
      output.finish();
    }
    ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
    output.setWaitsForSpace(pending != null && !pending.isEmpty());
    doorbell();
  }

  @Override
  public void beginRead() {
    input.beginRead();
    activate();
  }

  @Override
  public void cancelRead() {
    input.cancelRead();
  }

  @Override
  public long spinNanos() {
    return TimeUnit.MICROSECONDS.toNanos(channel.config().getSpinMicros());
  }

  @Override
  public int poll() {
    try {
      return suspended || link.isClosed() ? 0 : doWhatCanBeDone();
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

  /**
   * Says why something failed. What was read from memory that is gone may look like a fault of the
   * peer's, and an InternalError may be the program's own.
   */
  Throwable reasonFor(String what, Throwable failure) {
    try {
      MemoryFaults.tell();
    } catch (InternalError e) {
      return memoryGone(what, e);
    }
    boolean gone =
        failure instanceof InternalError && !(link.checkMemory() && loop.active().checkMemory());
    return gone ? memoryGone(what, failure) : failure;
  }

  /** The kernel took the memory away, which it does where the guest was suspended and resumed. */
  private IOException memoryGone(String what, Throwable fault) {
    link.lost();
    IOException cause = suspended(what);
    cause.initCause(fault);
    return cause;
  }

  @Override
  public boolean prepareToSleep() {
    try {
      return suspended || link.isClosed() || armBells();
    } catch (IOException | InternalError e) {
      failed(e);
    }
    return true;
  }

  @Override
  public void failed(Throwable cause) {
    fail(reasonFor("connection lost", cause));
  }

  private void fail(Throwable cause) {
    try {
      channel.pipeline().fireExceptionCaught(cause);
    } finally {
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }

  private int doWhatCanBeDone() throws IOException {
    if (peerMayHaveChanged) {
      peerMayHaveChanged = false;
      lookAtPeer("connection lost");
    }
    input.disarmBell();
    output.disarmBell();
    int steps = 0;
    if (!isPeerGone() && output.waitsForSpace() && output.hasSpace()) {
      channel.flushNow();
      steps++;
    }
    return link.isClosed() ? steps : steps + readAndEnd();
  }

  private int readAndEnd() throws IOException {
    boolean peerGone = isPeerGone();
    input.look(peerGone);
    int steps = input.read();
    if (!link.isClosed() && peerGone && (input.isDrained() || !input.wantsData())) {
      steps += endAfterPeer();
    }
    if (!link.isClosed() && input.hasArrivedAtEnd()) {
      steps++;
      if (peerGone || !isPeerGone()) {
        input.end();
      } // else it went meanwhile: what waits to be written fails first, at the next look
    }
    return steps;
  }

  private void lookAtPeer(String what) throws IOException {
    peer = link.peerState();
    switch (peer) {
      case CLOSED -> input.peerClosed();
      case DIED -> input.peerDied();
      case LOST -> throw suspended(what);
      case OPEN -> {}
    }
  }

  private boolean isPeerGone() throws IOException {
    return peer != PeerState.OPEN || input.isPeerGone();
  }

  /** What the peer sent before it went was read, or is not asked for. */
  private int endAfterPeer() throws IOException {
    if (peer == PeerState.DIED && input.isDrained() && !isEndTold()) {
      throw new IOException(
          "connection lost: the peer in domain " + link.peerDomain() + " ended without closing it");
    }
    broken |= writtenInVain;
    writtenInVain = false;
    if (!output.waitsForSpace()) {
      return 0;
    }
    output.setWaitsForSpace(false);
    channel.writeFailed(brokenPipe());
    return 1;
  }

  /** Says whether the peer's end came by the ring, before it died. */
  private boolean isEndTold() throws IOException {
    return input.hasArrivedAtEnd() || input.isPeerGone();
  }

  /** The channel is to be closed: a write that was to fail after reading fails now. */
  void failPending() {
    if (failsAfterReading && !suspended && !link.isClosed()) {
      failsAfterReading = false;
      try {
        channel.writeFailed(brokenPipe());
      } catch (IOException | InternalError e) {
        channel.writeFailed(reasonFor("broken pipe", e));
      }
    }
  }

  private IOException brokenPipe() throws IOException {
    return input.isReset()
        ? input.connectionReset()
        : new IOException(
            "broken pipe: the peer in domain " + link.peerDomain() + " has closed the connection");
  }

  private IOException suspended(String what) {
    return new IOException(
        what
            + ": this guest was suspended and resumed, which ended all memory that it shared, with"
            + " domain "
            + link.peerDomain()
            + " too; connect again");
  }

  /** Arms the doorbells that matter; false where there is something to do after all. */
  private boolean armBells() throws IOException {
    return !peerMayHaveChanged && input.armBell() && output.armBell();
  }

  @Override
  public void write(ChannelOutboundBuffer buffer) throws Exception {
    if (suspended) {
      return; // resume() looks for what is to be written
    }
    try {
      writeNow(buffer);
    } catch (IOException | InternalError e) {
      Throwable reason = reasonFor("broken pipe", e);
      if (reason instanceof InternalError own) {
        throw own;
      }
      throw (Exception) reason;
    }
  }

  private void writeNow(ChannelOutboundBuffer buffer) throws Exception {
    lookAtPeer("broken pipe");
    if (broken || input.refusesWrites()) {
      failAfterReading();
      return;
    }
    boolean inVain = isPeerGone();
    output.write(buffer);
    if (link.isClosed()) {
      return; // by a listener of a write
    }
    if (inVain) {
      writtenInVain = true; // which succeeds, as it does over TCP
      input.answeredByReset();
      if (output.waitsForSpace()) {
        failAfterReading();
      }
    }
    if (writtenInVain || output.waitsForSpace()) {
      activate();
    }
  }

  /** A write that fails closes the channel: what the peer sent before it went is read first. */
  private void failAfterReading() throws IOException {
    input.look(isPeerGone());
    if (input.isDrained() || !input.wantsData()) {
      throw brokenPipe();
    }
    failsAfterReading = true;
    output.setWaitsForSpace(true);
    activate();
  }

  /**
   * Writes a message for which nothing else waits, and tells the peer; false, and nothing done,
   * where that is not to be, for whatever reason.
   *
   * @throws IOException if the peer's index or state cannot be true
   */
  boolean writeAtOnce(ByteBuf bytes) throws IOException {
    return !suspended
        && !link.isClosed()
        && link.peerState() == PeerState.OPEN
        && output.writeAtOnce(bytes);
  }

  @Override
  public void shutdownInput(ChannelPromise promise) {
    input.shutdown();
    activate();
    promise.setSuccess();
  }

  @Override
  public void shutdownOutput() {
    if (!output.isShutdown()) {
      output.shutdown();
      if (!suspended) {
        output.finish();
      }
    }
  }

  @Override
  public boolean isInputShutdown() {
    return input.isShutdown();
  }

  @Override
  public boolean isOutputShutdown() {
    return output.isShutdown();
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
        + link.silentLooks()
        + " looks"
        + (link.isAtHome() ? "" : ", doorbell of another loop")
        + "); out: "
        + output.describe()
        + "; in: "
        + input.describe();
  }

  /** As a socket does: when told so, and where bytes of the peer's were not read. */
  private boolean resets() {
    try {
      return channel.config().getSoLinger() == 0 || (peer != PeerState.LOST && input.hasUnread());
    } catch (InternalError e) {
      link.lost();
      return false;
    }
  }

  @Override
  public void close() {
    if (!link.isClosed()) {
      link.runAtHome(() -> heartbeats.remove(this));
      loop.handshakes().run(link.peerDomain(), resets() ? link::reset : link::close);
    }
  }
}
