package io.xenshm.netty.ending;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseCombiner;
import io.xenshm.netty.XenShmPathEvent;
import io.xenshm.netty.ending.EndingOutcome.Bytes;
import io.xenshm.netty.ending.EndingOutcome.End;
import io.xenshm.netty.ending.EndingScript.Amount;
import io.xenshm.netty.ending.EndingScript.Ender;
import io.xenshm.netty.ending.EndingScript.How;
import io.xenshm.netty.ending.EndingScript.Order;
import io.xenshm.netty.ending.EndingScript.Reads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** One script, run over one connection. */
final class EndingRun {
  private static final String IO_EXCEPTION = "IOException";
  private static final String CLOSED = "ClosedChannelException";

  /** epoll_ctl fails when interest is declared again in a descriptor that had none. */
  static final String FAULT_OF_EPOLL = "fault of epoll";

  /** Long enough for what the other end did to arrive, mostly. */
  private static final int STEP_MILLIS = 4;

  /** Where it is asked whether it arrived. */
  private static final int LONG_STEP_MILLIS = 25;

  private static final int MAX_PARTS = 40;

  private static final byte[] CONTENT = content();

  private final EndingScript script;
  private final Path file;
  private final int quietMillis;

  /** Somebody has begun to end the connection. */
  private volatile boolean hasEnded;

  private final Side client;
  private final Side server;
  private final AtomicLong lastSeen = new AtomicLong(System.nanoTime());
  private final CompletableFuture<EndingOutcome> outcome = new CompletableFuture<>();

  /**
   * Creates it.
   *
   * @param file holds {@link #content()}
   * @param quietMillis nothing more is expected when neither end saw anything for so long
   */
  EndingRun(EndingScript script, Path file, int quietMillis) {
    this.script = script;
    this.quietMillis = quietMillis;
    client = new Side(true);
    server = new Side(false);
    this.file = file;
    CompletableFuture.allOf(client.active, server.active).thenRun(this::begin);
  }

  /** What each end writes the beginning of. */
  static byte[] content() {
    byte[] bytes = new byte[Amount.LARGE.bytes + Amount.SMALL.bytes];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8));
    }
    return bytes;
  }

  Side client() {
    return client;
  }

  Side server() {
    return server;
  }

  CompletableFuture<EndingOutcome> outcome() {
    return outcome;
  }

  /** Whether what was to happen while the other one ended happened later: it shows nothing. */
  boolean isTooLate() {
    return client.isTooLate || server.isTooLate;
  }

  private void begin() {
    client.switchOff(() -> server.switchOff(this::act));
  }

  private void act() {
    Side ender = script.ends(true) ? client : server;
    Side other = ender == client ? server : client;
    if (script.ender() == Ender.BOTH) {
      client.after(jitter(), client::act);
      server.after(jitter(), server::act);
    } else if (script.order() == Order.BEFORE) {
      other.after(0, () -> other.actBefore(ender));
    } else if (script.order() == Order.DURING) {
      ender.after(0, ender::act);
      other.after(0, other::act);
    } else {
      ender.after(0, () -> ender.actBefore(other));
    }
    lookAgain(quietMillis);
  }

  /** Where both end the connection, either may be the first. */
  private static int jitter() {
    return Math.max(0, ThreadLocalRandom.current().nextInt(-STEP_MILLIS, STEP_MILLIS));
  }

  private void lookAgain(long millis) {
    client.channel.eventLoop().schedule(this::endWhenQuiet, millis, TimeUnit.MILLISECONDS);
  }

  private void endWhenQuiet() {
    long seen = lastSeen.get();
    long quiet = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - seen);
    boolean over = client.isOver() && server.isOver();
    if (quiet < quietMillis && !over) {
      lookAgain(quietMillis - quiet);
      return;
    }
    // A loop that got no processor may have something to say still.
    server
        .channel
        .eventLoop()
        .execute(
            () ->
                client
                    .channel
                    .eventLoop()
                    .execute(
                        () ->
                            server
                                .channel
                                .eventLoop()
                                .execute(
                                    () ->
                                        client
                                            .channel
                                            .eventLoop()
                                            .execute(
                                                () -> {
                                                  if (!over
                                                      && (lastSeen.get() != seen || readLater())) {
                                                    endWhenQuiet();
                                                  } else {
                                                    conclude();
                                                  }
                                                }))));
  }

  /** Lets those read that do so last; false where there are none. */
  private boolean readLater() {
    boolean clientReads = client.readLater();
    return server.readLater() || clientReads;
  }

  private void conclude() {
    client
        .conclude()
        .thenCombine(server.conclude(), EndingOutcome::new)
        .whenComplete(
            (seen, failure) -> {
              client.channel.close();
              server.channel.close();
              if (failure == null) {
                outcome.complete(seen);
              } else {
                outcome.completeExceptionally(failure);
              }
            });
  }

  private static String name(Throwable failure) {
    if (failure instanceof UncheckedIOException
        || failure.getCause() instanceof UncheckedIOException) {
      return FAULT_OF_EPOLL;
    }
    if (failure instanceof ClosedChannelException) {
      return CLOSED;
    }
    if (failure instanceof ChannelOutputShutdownException) {
      return "ChannelOutputShutdownException";
    }
    return failure instanceof IOException ? IO_EXCEPTION : failure.getClass().getSimpleName();
  }

  /** One end's handler, and what it saw. All but the constructor runs on the event loop. */
  final class Side extends ChannelInboundHandlerAdapter {
    final CompletableFuture<Void> active = new CompletableFuture<>();
    private final boolean isClient;
    private final Reads reads;
    private final List<String> events = new ArrayList<>();
    private final Set<String> exceptions = new TreeSet<>();
    private final Set<String> promises = new TreeSet<>();
    private SocketChannel channel;
    private int received;
    private boolean readBefore;
    private int written;
    private final AtomicInteger pendingWrites = new AtomicInteger();
    private final AtomicInteger steps = new AtomicInteger();
    private boolean readsLate;
    private volatile boolean inactive;
    private volatile boolean isTooLate;

    Side(boolean isClient) {
      this.isClient = isClient;
      reads = script.reads(isClient);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      channel = (SocketChannel) ctx.channel();
      channel.config().setAllowHalfClosure(script.halfClosure());
      channel.config().setAutoRead(reads == Reads.ALWAYS || reads == Reads.SWITCHED_OFF);
    }

    @Override
    public void channelRegistered(ChannelHandlerContext ctx) {
      if (reads == Reads.EARLY) {
        ctx.read();
      }
    }

    private void switchOff(Runnable next) {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (reads == Reads.SWITCHED_OFF) {
                  channel.config().setAutoRead(false);
                }
                next.run();
              });
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      active.complete(null);
    }

    private void after(int millis, Runnable task) {
      steps.incrementAndGet();
      channel
          .eventLoop()
          .schedule(
              () -> {
                steps.decrementAndGet();
                task.run();
              },
              millis,
              TimeUnit.MILLISECONDS);
    }

    /** Whether the other one's end has come already. */
    private boolean isTold() {
      return !channel.isActive() || channel.isInputShutdown();
    }

    private boolean isOver() {
      return inactive && pendingWrites.get() == 0 && steps.get() == 0;
    }

    /** Reads at last; false where that changes nothing. */
    private boolean readLater() {
      boolean begins = reads == Reads.LATER && !readsLate && channel.isActive();
      readsLate = true;
      if (begins && !channel.isInputShutdown()) { // after it epoll_ctl fails, in Netty
        saw();
        channel.eventLoop().execute(() -> channel.config().setAutoRead(true));
      }
      return begins;
    }

    private void saw() {
      lastSeen.set(System.nanoTime());
    }

    private void actBefore(Side next) {
      act();
      next.after(next.reads == Reads.EARLY ? LONG_STEP_MILLIS : STEP_MILLIS, next::act);
    }

    private void act() {
      saw();
      isTooLate = script.order() == Order.DURING && script.ender() != Ender.BOTH && isTold();
      if (script.ends(isClient)) {
        hasEnded = true;
      }
      List<Future<?>> writes = write(script.writes(isClient).bytes);
      if (script.ends(isClient)) {
        end(writes);
      } else if (script.order() == Order.AFTER_TWICE) {
        after(2 * STEP_MILLIS, () -> write(Amount.SMALL.bytes));
      }
    }

    private void end(List<Future<?>> writes) {
      switch (script.how()) {
        case CLOSE, CLOSE_WITH_UNREAD_INPUT -> close();
        case CLOSE_AFTER_WRITE -> whenDone(writes, this::close);
        case HALF_CLOSE -> shutdownOutput();
        case HALF_CLOSE_AFTER_WRITE -> whenDone(writes, this::shutdownOutput);
        case HALF_CLOSE_THEN_CLOSE ->
            whenDone(
                writes,
                () -> {
                  shutdownOutput();
                  after(STEP_MILLIS, this::close);
                });
        case ABORT -> {
          if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
          }
          close();
        }
        case THROWING_HANDLER -> {}
      }
    }

    private void whenDone(List<Future<?>> writes, Runnable task) {
      PromiseCombiner all = new PromiseCombiner(channel.eventLoop());
      writes.forEach(all::add);
      all.finish(channel.eventLoop().<Void>newPromise().addListener(done -> task.run()));
    }

    private void close() {
      watch("close", channel.close());
    }

    private void shutdownOutput() {
      watch("shutdownOutput", channel.shutdownOutput());
    }

    private List<Future<?>> write(int count) {
      saw();
      List<Future<?>> writes = new ArrayList<>();
      if (count > 0) {
        int parts = script.content() == EndingScript.Content.MANY_PARTS ? MAX_PARTS : 1;
        for (int i = 0; i < parts; i++) {
          int from = written + (int) ((long) count * i / parts);
          int to = written + (int) ((long) count * (i + 1) / parts);
          writes.add(watch("write", channel.write(message(from, to))));
        }
        written += count;
        channel.flush();
      }
      return writes;
    }

    private Object message(int from, int to) {
      if (script.content() == EndingScript.Content.FILE_REGION) {
        return new DefaultFileRegion(file.toFile(), from, to - from);
      }
      return Unpooled.wrappedBuffer(CONTENT, from, to - from);
    }

    private ChannelFuture watch(String what, ChannelFuture future) {
      pendingWrites.incrementAndGet();
      return future.addListener(
          done -> {
            saw();
            pendingWrites.decrementAndGet();
            promises.add(what + (done.isSuccess() ? " ok" : ' ' + name(done.cause())));
          });
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      saw();
      byte[] bytes = ByteBufUtil.getBytes((ByteBuf) message);
      ReferenceCountUtil.release(message);
      readBefore |= !hasEnded && reads != Reads.ALWAYS;
      int from = received;
      received += bytes.length;
      if (!Arrays.equals(bytes, 0, bytes.length, CONTENT, from, received)) {
        exceptions.add("wrong bytes");
      }
      if (script.how() == How.THROWING_HANDLER && script.ends(isClient)) {
        throw new IllegalStateException("thrown by a handler");
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (!(event instanceof XenShmPathEvent)) {
        saw();
        events.add(event.getClass().getSimpleName());
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      saw();
      inactive = true;
      events.add("channelInactive");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      saw();
      exceptions.add(name(cause));
      if (cause instanceof IllegalStateException) {
        close();
      }
    }

    /** Takes what was seen. From any thread. */
    private CompletableFuture<End> conclude() {
      return CompletableFuture.supplyAsync(
          () -> {
            int all = script.bytes(!isClient);
            Bytes bytes = received == 0 ? Bytes.NONE : received < all ? Bytes.PART : Bytes.ALL;
            if (pendingWrites.get() > 0) {
              promises.add("pending");
            }
            return new End(
                bytes,
                readBefore,
                List.copyOf(events),
                Set.copyOf(exceptions),
                new TreeSet<>(promises));
          },
          channel.eventLoop());
    }
  }
}
