package io.xenshm.netty;

import io.netty.channel.Channel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.LinkKind;
import io.xenshm.link.Listeners;
import io.xenshm.link.OfferHandler;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Tells other guests, by XenStore, that a channel listens at an address. Netty's bind is done when
 * it returns, so the event loop waits for XenStore, for a bounded time. Where the channel has TCP
 * or UDP too, what is not done by then goes on behind the bind.
 *
 * <p>Belongs to the channel's event loop.
 */
final class Announcement {
  /** A tenth of the silence that the peers of the loop's other connections bear by default. */
  static final long WAIT_MILLIS = 3000;

  /** XenStore's client itself connects again after 2 s at the latest. */
  private static final long AGAIN_MILLIS = 2000;

  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(Announcement.class);

  private final Channel channel;
  private final XenShmLoop loop;
  private final LinkKind kind;
  private final InetSocketAddress address;
  private final OfferHandler handler;
  private volatile boolean ended;
  private boolean delayed;

  Announcement(
      Channel channel,
      XenShmLoop loop,
      LinkKind kind,
      InetSocketAddress address,
      OfferHandler handler) {
    this.channel = channel;
    this.loop = loop;
    this.kind = kind;
    this.address = address;
    this.handler = handler;
  }

  /**
   * Waits until the listener is announced.
   *
   * @return why that makes no sense; {@code null} where it is done
   * @throws IOException if it fails, or is not done in time. {@link #end} must follow
   */
  String now() throws IOException {
    return await(attempt());
  }

  /**
   * Announces the listener, if that makes sense, now or later.
   *
   * @param givenUp is run where it is not announced and will not be
   */
  void whenPossible(Runnable givenUp) {
    CompletableFuture<String> attempt = attempt();
    if (loop.hasXen() && loop.domain().isXenStoreSlow() && !attempt.isDone()) {
      // Several binds in a row are not to wait for so long each.
      tellOfDelay("XenStore has not answered an earlier bind");
      later(attempt, givenUp);
      return;
    }
    try {
      done(await(attempt), null, givenUp);
    } catch (SlowException e) {
      loop.domain().setXenStoreSlow(true);
      tellOfDelay(e.getMessage());
      later(attempt, givenUp);
    } catch (IOException e) {
      done(null, e, givenUp);
    }
  }

  private void done(String obstacle, Throwable failure, Runnable givenUp) {
    if (Listeners.isPassing(failure)) {
      tellOfDelay(failure.getMessage());
      channel.eventLoop().schedule(() -> again(givenUp), AGAIN_MILLIS, TimeUnit.MILLISECONDS);
      return;
    }
    if (loop.hasXen()) {
      loop.domain().setXenStoreSlow(false);
    }
    if (failure != null) {
      logger.warn("{}: listens by {} only: {}", channel, plain(), failure.getMessage());
      logger.debug("Why {} is not announced", address, failure);
      givenUp.run();
    } else if (obstacle != null) {
      logger.debug("{}: listens by {} only: {}", channel, plain(), obstacle);
      givenUp.run();
    } else if (delayed) {
      logger.info("{}: listens by shared memory too, from now on", channel);
    }
  }

  private void again(Runnable givenUp) {
    if (!ended) {
      later(attempt(), givenUp);
    }
  }

  private void later(CompletableFuture<String> attempt, Runnable givenUp) {
    attempt.whenComplete(
        (obstacle, failure) -> onLoop(() -> done(obstacle, causeOf(failure), givenUp)));
  }

  private static Throwable causeOf(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** A listener may have moved to another event loop meanwhile. */
  private void onLoop(Runnable task) {
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (ended) {
                  return;
                }
                if (channel.eventLoop().inEventLoop()) {
                  task.run();
                } else {
                  onLoop(task);
                }
              });
    } catch (RejectedExecutionException e) {
      logger.debug("The event loop of a listener at {} has ended", address, e);
    }
  }

  private void tellOfDelay(String reason) {
    if (!delayed) {
      delayed = true;
      logger.warn("{}: listens by {} only, until XenStore answers: {}", channel, plain(), reason);
    }
  }

  private String plain() {
    return (kind == LinkKind.STREAM ? "TCP at " : "UDP at ") + address;
  }

  private CompletableFuture<String> attempt() {
    return loop.obstacleToAnnounce(address.getAddress()).thenCompose(this::announceUnless);
  }

  private CompletableFuture<String> announceUnless(String obstacle) {
    if (obstacle != null || ended) {
      return CompletableFuture.completedFuture(obstacle);
    }
    CompletableFuture<Void> announced =
        loop.domain().links().listeners().bind(kind, address, handler);
    if (ended) {
      unbind(); // the channel closed meanwhile, on its event loop
    }
    return announced.thenApply(done -> null);
  }

  /** Takes the announcement back, also one that is under way. */
  void end() {
    ended = true;
    if (loop.hasXen()) {
      unbind();
    }
  }

  private void unbind() {
    loop.domain().links().listeners().unbind(kind, address.getPort(), handler);
  }

  /** XenStore did not answer in time; it may still do what it was asked for. */
  static final class SlowException extends XenException {
    private static final long serialVersionUID = 1L;

    SlowException() {
      super("XenStore has not answered within " + WAIT_MILLIS + " ms; does its daemon run?");
    }
  }

  /** Waits for XenStore as long as an event loop may. */
  static <T> T await(CompletableFuture<T> future) throws IOException {
    try {
      return future.get(WAIT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new SlowException();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new XenException("XenStore: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new XenException("interrupted while waiting for XenStore", e);
    }
  }
}
