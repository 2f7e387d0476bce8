package io.xenshm.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultMessageSizeEstimator;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.internal.SystemPropertyUtil;
import java.net.SocketAddress;

/**
 * Spares a message that is flushed at once the queue of {@link ChannelOutboundBuffer}, which costs
 * more than the copy of a small one: where nothing else waits, it goes from the write's hand into
 * the ring. Everybody who looks at the queue in between finds the message there.
 *
 * <p>As of each {@code Unsafe}, {@link #outboundBuffer()} may be called from any thread, and the
 * rest belongs to the event loop.
 */
final class DirectWriteUnsafe implements Channel.Unsafe {
  /** What Netty's queue counts for a message beside its bytes. */
  private static final int OVERHEAD =
      SystemPropertyUtil.getInt("io.netty.transport.outboundBufferEntrySizeOverhead", 96);

  private final XenShmSocketChannel channel;
  private final XenShmSocketChannel.SocketUnsafe queued;

  /** Written last, not flushed, and not in the queue. */
  private ByteBuf held;

  private ChannelPromise heldPromise;

  /** What the held message would count for in the queue. Other threads look at it too. */
  private int heldSize;

  /** The queue may have messages that were not flushed. */
  private boolean unflushed;

  DirectWriteUnsafe(XenShmSocketChannel channel, XenShmSocketChannel.SocketUnsafe queued) {
    this.channel = channel;
    this.queued = queued;
  }

  @Override
  public void write(Object msg, ChannelPromise promise) {
    int size = msg instanceof ByteBuf bytes ? readableBytes(bytes) : 0;
    if (size > 0 && mayBeHeld(size, promise)) {
      held = (ByteBuf) msg;
      heldPromise = promise;
      heldSize = size + OVERHEAD;
    } else {
      queueHeld();
      unflushed = true;
      queued.write(msg, promise);
    }
  }

  /** Returns 0 where the buffer, which may be the program's own, throws: the queue fails it. */
  private static int readableBytes(ByteBuf bytes) {
    try {
      return bytes.readableBytes();
    } catch (Throwable e) {
      return 0;
    }
  }

  private boolean mayBeHeld(int size, ChannelPromise promise) {
    ChannelOutboundBuffer queue = queued.outboundBuffer();
    return held == null
        && !unflushed
        && DefaultMessageSizeEstimator.DEFAULT.equals(channel.config().getMessageSizeEstimator())
        && queue != null
        && queue.isEmpty()
        && channel.carrier() instanceof RingCarrier
        && size <= RingOutput.MAX_UNPUBLISHED
        && queue.bytesBeforeUnwritable() > size + OVERHEAD
        && !(promise instanceof ChannelProgressivePromise);
  }

  @Override
  public void flush() {
    ByteBuf bytes = held;
    if (bytes == null) {
      unflushed = false;
      queued.flush();
      return;
    }
    ChannelPromise promise = heldPromise;
    letGo();
    if (!promise.setUncancellable()) {
      ReferenceCountUtil.safeRelease(bytes);
      return;
    }
    RingCarrier rings = (RingCarrier) channel.carrier();
    boolean written;
    try {
      written = rings.writeAtOnce(bytes);
    } catch (Throwable e) {
      failed(bytes, promise, e, rings.reasonFor("broken pipe", e));
      return;
    }
    if (written) {
      ReferenceCountUtil.safeRelease(bytes);
      promise.trySuccess();
    } else {
      queued.write(bytes, promise);
      queued.flush();
    }
  }

  @SuppressWarnings("ReferenceEquality") // whether the memory is what failed
  private void failed(ByteBuf bytes, ChannelPromise promise, Throwable thrown, Throwable reason) {
    if (reason == thrown && RingOutput.failsAlone(bytes, thrown)) {
      ReferenceCountUtil.safeRelease(bytes);
      promise.tryFailure(thrown);
      return;
    }
    queued.write(bytes, promise);
    ChannelOutboundBuffer queue = queued.outboundBuffer();
    if (queue != null) {
      queue.addFlush();
      queued.writeFailed(reason);
    }
  }

  private void letGo() {
    held = null;
    heldPromise = null;
    heldSize = 0;
  }

  /** Puts a message that is held where Netty expects it. On the event loop. */
  void queueHeld() {
    if (held != null) {
      ByteBuf bytes = held;
      ChannelPromise promise = heldPromise;
      letGo();
      unflushed = true;
      queued.write(bytes, promise);
    }
  }

  /** As {@link Channel#bytesBeforeUnwritable()}. From any thread. */
  long bytesBeforeUnwritable() {
    ChannelOutboundBuffer queue = queued.outboundBuffer();
    return queue == null ? 0 : Math.max(0, queue.bytesBeforeUnwritable() - heldSize);
  }

  @Override
  public ChannelOutboundBuffer outboundBuffer() {
    if (held != null && channel.eventLoop().inEventLoop()) {
      queueHeld();
    }
    return queued.outboundBuffer();
  }

  @SuppressWarnings("deprecation") // Netty's signature
  @Override
  public RecvByteBufAllocator.Handle recvBufAllocHandle() {
    return queued.recvBufAllocHandle();
  }

  @Override
  public SocketAddress localAddress() {
    return queued.localAddress();
  }

  @Override
  public SocketAddress remoteAddress() {
    return queued.remoteAddress();
  }

  @Override
  public void register(EventLoop eventLoop, ChannelPromise promise) {
    queued.register(eventLoop, channel.registrationPromise(eventLoop, promise));
  }

  @Override
  public void bind(SocketAddress localAddress, ChannelPromise promise) {
    queued.bind(localAddress, promise);
  }

  @Override
  public void connect(
      SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
    queued.connect(remoteAddress, localAddress, promise);
  }

  @Override
  public void disconnect(ChannelPromise promise) {
    queueHeld();
    queued.disconnect(promise);
  }

  @Override
  public void close(ChannelPromise promise) {
    queueHeld();
    if (channel.carrier() instanceof RingCarrier rings) {
      rings.failPending();
    }
    queued.close(promise);
  }

  @Override
  public void closeForcibly() {
    queued.closeForcibly();
  }

  @Override
  public void deregister(ChannelPromise promise) {
    queueHeld();
    queued.deregister(promise);
  }

  @Override
  public void beginRead() {
    queued.beginRead();
  }

  @Override
  public ChannelPromise voidPromise() {
    return queued.voidPromise();
  }
}
