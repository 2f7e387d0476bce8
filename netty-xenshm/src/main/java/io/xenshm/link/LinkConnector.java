package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.NoLinkException.Reason;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;

/**
 * A client's way to one link: find the listener, grant memory, offer it, wait for the answer.
 *
 * <p>All methods are called on the event loop's thread, and so is the callback.
 */
public final class LinkConnector {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(LinkConnector.class);

  private static final int TRIES_AT_LIMIT = 20;
  private static final long TRY_AGAIN_MILLIS = 10;

  /** Is told how the attempt ended, once. */
  public interface Callback {
    /** The server accepted. */
    void connected(Link link);

    /** There is no link, and nothing of the attempt is left. */
    void failed(IOException cause);
  }

  private final LinkNode node;
  private final Doorbells doorbells;
  private final Executor loop;
  private final LinkTarget target;
  private final int ringSize;
  private final Callback callback;
  private PendingOffer offer;
  private String listenerProcess;
  private int triesLeft;
  private boolean done;

  /**
   * Creates it; {@link #start()} begins.
   *
   * @param node this process's links
   * @param doorbells the doorbells of {@code loop}
   * @param loop the event loop that the link will belong to
   * @param target what to reach
   * @param ringSize bytes of each ring, see {@link io.xenshm.ring.RingLayout#checkSize}
   * @param callback is told how it ended
   */
  public LinkConnector(
      LinkNode node,
      Doorbells doorbells,
      Executor loop,
      LinkTarget target,
      int ringSize,
      Callback callback) {
    this.node = node;
    this.doorbells = doorbells;
    this.loop = loop;
    this.target = target;
    this.ringSize = ringSize;
    this.callback = callback;
  }

  /** Begins. */
  public void start() {
    if (target.domain() == node.xen().domainId()) {
      fail(
          new NoLinkException(
              Reason.OWN_DOMAIN,
              "domain "
                  + target.domain()
                  + " is this one: Xen shares no memory with oneself; connect by TCP"));
      return;
    }
    onLoop(ListenerSearch.find(node.peers(), node.answers(), target), this::listenerFound);
  }

  /**
   * Gives up. Where the server accepted at the same moment, the attempt ends as connected
   * nevertheless: the server must not see a connection that the client does not.
   *
   * @param reason what the callback is told if nothing was accepted
   */
  public void abandon(IOException reason) {
    if (done) {
      return;
    }
    if (offer == null) {
      fail(reason);
    } else if (offer.abandon()) {
      offer.withdraw();
      fail(reason);
    } else {
      answered();
    }
  }

  /**
   * Gives up as {@link #abandon} does, since the server did not answer in time. Another listener of
   * the port, if there is one, is asked the next time.
   */
  public void timedOut(IOException reason) {
    if (!done && offer != null) {
      node.answers().silent(target.domain(), listenerProcess);
    }
    abandon(reason);
  }

  private void listenerFound(String process, IOException failure) {
    if (done) {
      return;
    }
    if (failure != null) {
      fail(failure);
      return;
    }
    listenerProcess = process;
    offer(true);
  }

  /**
   * Makes an offer.
   *
   * @param parkedToo whether memory may be offered that the server still maps
   */
  private void offer(boolean parkedToo) {
    PeerLimits.Lease lease;
    try {
      lease = node.limits().grant(target.domain(), LinkMemory.pageCount(ringSize));
    } catch (XenLimitException e) {
      fail(e);
      return;
    }
    PendingOffer.Terms terms =
        new PendingOffer.Terms(node, target, listenerProcess, ringSize, doorbells, lease);
    try {
      offer = parkedToo ? PendingOffer.again(terms, new AnswerBell(), this::unmapped) : null;
      if (offer == null) {
        offer = PendingOffer.anew(terms, new AnswerBell());
      }
    } catch (XenException e) {
      lease.end();
      if (!(e instanceof XenLimitException) || !triesAgainWithoutParked()) {
        fail(e);
      }
      return;
    }
    CompletableFuture<Void> written = offer.written();
    // The server's answer may be the first that is heard of it: success is no news.
    written.whenComplete(
        (ok, refused) -> {
          if (refused != null) {
            onLoop(written, this::notPublished);
          }
        });
  }

  /** The server let go of parked memory at the same moment, or its process ended. */
  private void unmapped() {
    onLoop(CompletableFuture.completedFuture(null), (nothing, never) -> unmappedOnLoop());
  }

  private void unmappedOnLoop() {
    if (done || offer == null || !offer.isAgain()) {
      return;
    }
    if (offer.abandon()) {
      offer.withdraw();
      offer = null;
      offer(false);
    } else {
      answered();
    }
  }

  /** Ended links hold memory and ports, for no more than a moment if they are asked. */
  private boolean triesAgainWithoutParked() {
    if (node.parked().giveUpAll()) {
      triesLeft = TRIES_AT_LIMIT;
    }
    return triesLeft-- > 0 && doorbells.schedule(this::tryAgain, TRY_AGAIN_MILLIS) != null;
  }

  private void tryAgain() {
    if (!done) {
      offer(false);
    }
  }

  private void notPublished(Void nothing, IOException failure) {
    if (!done) {
      abandon(failure);
    }
  }

  private void answered() {
    int state = offer.state();
    if (done || state == DescriptorPage.STATE_OFFERED) {
      return;
    }
    if (state == DescriptorPage.STATE_ACCEPTED) {
      done = true;
      node.answers().accepted(target.domain(), listenerProcess);
      callback.connected(offer.accepted(loop));
    } else {
      fail(offer.refused(state));
    }
  }

  private void fail(IOException cause) {
    done = true;
    callback.failed(cause);
  }

  private <T> void onLoop(CompletableFuture<T> future, BiConsumer<T, IOException> next) {
    future.whenComplete(
        (result, failure) -> {
          try {
            loop.execute(() -> next.accept(result, asIoException(failure)));
          } catch (RejectedExecutionException e) {
            logger.debug("The event loop ended during a connect to domain {}", target.domain(), e);
          }
        });
  }

  private static IOException asIoException(Throwable failure) {
    if (failure == null) {
      return null;
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof IOException io ? io : new IOException(cause);
  }

  private final class AnswerBell implements DoorbellHandler {
    @Override
    public void rung() {
      answered();
    }

    @Override
    public void suspended() {
      if (!done) {
        offer.withdraw();
        fail(new IOException("this guest was suspended and resumed during the connect"));
      }
    }

    @Override
    public void loopEnds() {
      if (!done) {
        offer.withdraw();
        fail(new IOException("the event loop ended during the connect"));
      }
    }
  }
}
