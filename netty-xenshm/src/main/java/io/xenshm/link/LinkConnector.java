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
  private LinkMemory memory;
  private PeerLimits.Lease lease;
  private int eventChannelPort;
  private Offers.Published published;

  /** Whose memory is offered again; null where it is new to the server. */
  private EndedLink parked;

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
    onLoop(ListenerSearch.find(node.peers(), target), this::listenerFound);
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
    if (memory == null) {
      fail(reason);
    } else if (memory.descriptor.settle(DescriptorPage.STATE_ABANDONED)) {
      withdraw(false);
      fail(reason);
    } else {
      answered();
    }
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
    if (!offerAgain()) {
      offerAnew();
    }
  }

  /** Offers memory that the server still maps; false where there is none, or not any more. */
  private boolean offerAgain() {
    EndedLink former =
        target.kind() == LinkKind.STREAM
            ? node.parked().take(target.domain(), listenerProcess, ringSize)
            : null;
    if (former == null) {
      return false;
    }
    DescriptorPage descriptor = former.memory().descriptor;
    int port = 0;
    try {
      lease = node.limits().grant(target.domain(), LinkMemory.pageCount(ringSize));
      port = doorbells.bindUnbound(target.domain(), new AnswerBell());
      former
          .memory()
          .pages
          .notifyOnUnmap(DescriptorPage.CLIENT_LIVE_OFFSET, doorbells.channels(), port);
      descriptor.prepareOffer(target.port(), target.clientPort(), port);
      if (descriptor.unpark(DescriptorPage.STATE_OFFERED)) {
        former.memory().setReused();
        memory = former.memory();
        eventChannelPort = port;
        parked = former;
        former.offered(this::unmapped);
        return true;
      }
    } catch (XenException e) {
      logger.debug("Memory of domain {} cannot be offered again", target.domain(), e);
    }
    if (parked != null) {
      parked = null;
      memory = null;
      descriptor.settle(DescriptorPage.STATE_ABANDONED);
    }
    if (port != 0) {
      doorbells.unbind(port);
    }
    if (lease != null) {
      lease.end();
      lease = null;
    }
    former.giveUp();
    return false;
  }

  /** The server let go of the memory at the same moment, or its process ended. */
  private void unmapped() {
    onLoop(CompletableFuture.completedFuture(null), (nothing, never) -> unmappedOnLoop());
  }

  private void unmappedOnLoop() {
    if (done || parked == null) {
      return;
    }
    if (memory.descriptor.settle(DescriptorPage.STATE_ABANDONED)) {
      withdraw(false);
      parked = null;
      memory = null;
      offerAnew();
    } else {
      answered();
    }
  }

  private void offerAnew() {
    try {
      lease = node.limits().grant(target.domain(), LinkMemory.pageCount(ringSize));
    } catch (XenLimitException e) {
      fail(e);
      return;
    }
    try {
      memory = node.pool().take(target.domain(), ringSize);
      eventChannelPort = doorbells.bindUnbound(target.domain(), new AnswerBell());
    } catch (XenException e) {
      if (memory != null) {
        node.pool().give(memory);
        memory = null;
      }
      lease.end();
      if (!(e instanceof XenLimitException) || !triesAgainWithoutParked()) {
        fail(e);
      }
      return;
    }
    long nonce = Nonces.next();
    memory.descriptor.writeHeader(target.kind(), nonce, ringSize, memory.ringReferences());
    memory.descriptor.setLive(DescriptorPage.CLIENT_LIVE_OFFSET);
    try {
      memory.pages.notifyOnUnmap(
          DescriptorPage.CLIENT_LIVE_OFFSET, doorbells.channels(), eventChannelPort);
    } catch (XenException e) {
      withdraw(true);
      fail(e);
      return;
    }
    memory.descriptor.offer();
    Offer offer =
        new Offer(
            target.kind(),
            target.port(),
            listenerProcess,
            target.clientPort(),
            memory.descriptorReference(),
            eventChannelPort,
            nonce);
    published = node.offers().publish(target.domain(), offer);
    CompletableFuture<Void> written = published.written();
    // The server's answer may be the first that is heard of it: success is no news.
    written.whenComplete(
        (ok, refused) -> {
          if (refused != null) {
            onLoop(written, this::notPublished);
          }
        });
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
      offerAnew();
    }
  }

  private void notPublished(Void nothing, IOException failure) {
    if (!done) {
      abandon(failure);
    }
  }

  private void answered() {
    int state = memory.descriptor.state();
    if (done || state == DescriptorPage.STATE_OFFERED) {
      return;
    }
    if (state == DescriptorPage.STATE_ACCEPTED) {
      done = true;
      removeOffer();
      callback.connected(
          new GrantedLink(
              node, target, listenerProcess, memory, lease, doorbells, eventChannelPort, loop));
      return;
    }
    NoLinkException refusal = refusal(state);
    withdraw(state == DescriptorPage.STATE_REFUSED);
    fail(refusal);
  }

  private NoLinkException refusal(int state) {
    String text = "the listener answered with state " + state + ", which there is not";
    Reason reason = Reason.REFUSED;
    if (state == DescriptorPage.STATE_REFUSED) {
      RefusalReason said = RefusalReason.of(memory.descriptor.refusalReason());
      text = said.text();
      if (said == RefusalReason.NO_LISTENER) {
        reason = Reason.NO_LISTENER;
      }
    }
    return new NoLinkException(
        reason,
        "domain "
            + target.domain()
            + " refused the connection to port "
            + target.port()
            + ": "
            + text);
  }

  /**
   * Takes back port and memory. Memory that the server may still be about to map is not used again.
   */
  private void withdraw(boolean neverMapped) {
    removeOffer();
    doorbells.unbind(eventChannelPort);
    if (neverMapped && parked == null) {
      node.pool().give(memory);
      lease.end();
    } else {
      node.pool().discard(memory);
      lease.holdForAWhile();
    }
  }

  private void removeOffer() {
    if (published != null) {
      published.remove();
    }
    if (parked != null) {
      parked.takenOver();
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
        withdraw(false);
        fail(new IOException("this guest was suspended and resumed during the connect"));
      }
    }

    @Override
    public void loopEnds() {
      if (!done) {
        withdraw(false);
        fail(new IOException("the event loop ended during the connect"));
      }
    }
  }
}
