package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.link.NoLinkException.Reason;
import io.xenshm.xen.XenException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A client's offer that the server has not answered yet, with the memory and the port that depend
 * on the answer. Either of new memory, by a node in XenStore, or of memory that the server still
 * maps, by a word in it.
 *
 * <p>All methods are called on the event loop's thread.
 */
final class PendingOffer {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(PendingOffer.class);

  /**
   * What is offered to whom.
   *
   * @param listenerProcess the server's
   * @param ringSize bytes of each ring
   * @param doorbells those of the event loop that the link will belong to
   * @param lease what the offer counts for the server's domain
   */
  record Terms(
      LinkNode node,
      LinkTarget target,
      String listenerProcess,
      int ringSize,
      Doorbells doorbells,
      PeerLimits.Lease lease) {}

  private final Terms terms;
  private final LinkMemory memory;
  private final DescriptorPage descriptor;
  private final int port;

  /** Whose memory it was; null where it is new to the server. */
  private final EndedLink former;

  /** Null where the offer is not in XenStore. */
  private Offers.Published published;

  private PendingOffer(Terms terms, LinkMemory memory, int port, EndedLink former) {
    this.terms = terms;
    this.memory = memory;
    this.port = port;
    this.former = former;
    descriptor = memory.descriptor;
  }

  /**
   * Offers memory that the server still maps.
   *
   * @param answer is rung when the server has answered
   * @param unmapped is run, on any thread, where the server unmaps the memory instead
   * @return null where there is none, or not any more
   */
  static PendingOffer again(Terms terms, DoorbellHandler answer, Runnable unmapped) {
    LinkTarget target = terms.target;
    EndedLink former =
        target.kind() == LinkKind.STREAM
            ? terms.node.parked().take(target.domain(), terms.listenerProcess, terms.ringSize)
            : null;
    if (former == null) {
      return null;
    }
    PendingOffer offer = null;
    try {
      int port = terms.doorbells.bindUnbound(target.domain(), answer);
      offer = new PendingOffer(terms, former.memory(), port, former);
      if (offer.offerAgain(unmapped)) {
        return offer;
      }
    } catch (XenException e) {
      logger.debug("Memory of domain {} cannot be offered again", target.domain(), e);
    }
    if (offer != null) {
      offer.abandon();
      terms.doorbells.unbind(offer.port);
    }
    former.giveUp();
    return null;
  }

  private boolean offerAgain(Runnable unmapped) throws XenException {
    notifyServerOfUnmap();
    descriptor.prepareOffer(terms.target.port(), terms.target.clientPort(), port);
    if (!descriptor.unpark(DescriptorPage.STATE_OFFERED)) {
      return false;
    }
    memory.setReused();
    former.offered(unmapped);
    return true;
  }

  /**
   * Offers new memory.
   *
   * @param answer is rung when the server has answered
   * @throws XenException if memory or port are not to be had; nothing of the offer is left then
   */
  static PendingOffer anew(Terms terms, DoorbellHandler answer) throws XenException {
    LinkMemory memory = terms.node.pool().take(terms.target.domain(), terms.ringSize);
    int port = 0;
    try {
      port = terms.doorbells.bindUnbound(terms.target.domain(), answer);
      PendingOffer offer = new PendingOffer(terms, memory, port, null);
      offer.offerAnew();
      return offer;
    } catch (XenException e) {
      if (port != 0) {
        terms.doorbells.unbind(port);
      }
      terms.node.pool().give(memory);
      throw e;
    }
  }

  private void offerAnew() throws XenException {
    LinkTarget target = terms.target;
    long nonce = Nonces.next();
    descriptor.writeHeader(target.kind(), nonce, terms.ringSize, memory.ringReferences());
    descriptor.setLive(DescriptorPage.CLIENT_LIVE_OFFSET);
    notifyServerOfUnmap();
    descriptor.offer();
    published =
        terms
            .node
            .offers()
            .publish(
                target.domain(),
                new Offer(
                    target.kind(),
                    target.port(),
                    terms.listenerProcess,
                    target.clientPort(),
                    memory.descriptorReference(),
                    port,
                    nonce));
  }

  private void notifyServerOfUnmap() throws XenException {
    memory.pages.notifyOnUnmap(DescriptorPage.CLIENT_LIVE_OFFSET, terms.doorbells.channels(), port);
  }

  /** Completes when the server can see the offer. */
  CompletableFuture<Void> written() {
    return published == null ? CompletableFuture.completedFuture(null) : published.written();
  }

  /** Says whether the memory was another link's, and is mapped. */
  boolean isAgain() {
    return former != null;
  }

  int state() {
    return descriptor.state();
  }

  /** Takes the offer back; false where the server answered before. {@link #withdraw} follows. */
  boolean abandon() {
    return descriptor.settle(DescriptorPage.STATE_ABANDONED);
  }

  /** Returns the link that the server accepted. */
  GrantedLink accepted(Executor loop) {
    answered();
    return new GrantedLink(
        terms.node,
        terms.target,
        terms.listenerProcess,
        memory,
        terms.lease,
        terms.doorbells,
        port,
        loop);
  }

  /**
   * Gives everything back, and returns what there is to say of an answer that was no.
   *
   * @param state the answer
   */
  NoLinkException refused(int state) {
    String text = "the listener answered with state " + state + ", which there is not";
    Reason reason = Reason.REFUSED;
    if (state == DescriptorPage.STATE_REFUSED) {
      RefusalReason said = RefusalReason.of(descriptor.refusalReason());
      text = said.text();
      if (said == RefusalReason.NO_LISTENER) {
        reason = Reason.NO_LISTENER;
      }
    }
    if (state == DescriptorPage.STATE_REFUSED && !isAgain()) {
      giveBack();
    } else {
      withdraw();
    }
    return new NoLinkException(
        reason,
        "domain "
            + terms.target.domain()
            + " refused the connection to port "
            + terms.target.port()
            + ": "
            + text);
  }

  /** The server never mapped the rings, and will not. */
  private void giveBack() {
    answered();
    terms.doorbells.unbind(port);
    terms.node.pool().give(memory);
    terms.lease.end();
  }

  /** Takes back port and memory. The server may be about to map it: it is not used again. */
  void withdraw() {
    answered();
    terms.doorbells.unbind(port);
    terms.node.pool().discard(memory);
    terms.lease.holdForAWhile();
  }

  private void answered() {
    if (published != null) {
      published.remove();
    }
    if (former != null) {
      former.takenOver();
    }
  }
}
