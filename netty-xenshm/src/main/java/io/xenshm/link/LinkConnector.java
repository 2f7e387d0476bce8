package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.NoLinkException.Reason;
import io.xenshm.xen.XenException;
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

  private void listenerFound(String listenerProcess, IOException failure) {
    if (done) {
      return;
    }
    if (failure != null) {
      fail(failure);
      return;
    }
    long nonce = Nonces.next();
    try {
      lease = node.limits().grant(target.domain(), LinkMemory.pageCount(ringSize));
      memory = node.pool().take(target.domain(), ringSize);
      eventChannelPort = doorbells.bindUnbound(target.domain(), new AnswerBell());
    } catch (XenException e) {
      if (memory != null) {
        node.pool().give(memory);
        memory = null;
      }
      if (lease != null) {
        lease.end();
      }
      fail(e);
      return;
    }
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
              memory,
              node.pool(),
              lease,
              target.port(),
              doorbells,
              eventChannelPort,
              node.peers(),
              loop));
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
  private void withdraw(boolean reusable) {
    removeOffer();
    doorbells.unbind(eventChannelPort);
    if (reusable) {
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
