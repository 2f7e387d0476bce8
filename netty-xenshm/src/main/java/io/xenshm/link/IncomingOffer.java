package io.xenshm.link;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.io.IOException;

/**
 * An offer that a client made to one of this process's listeners: in XenStore, with memory that is
 * not mapped yet, or in memory that is mapped since an earlier link used it.
 */
public final class IncomingOffer {
  private static final InternalLogger logger =
      InternalLoggerFactory.getInstance(IncomingOffer.class);

  private final LinkNode node;
  private final int peerDomain;
  private final Offer offer;

  /** Null for an offer in XenStore. */
  private final ParkedMapping parked;

  private final long cameNanos;
  private boolean settled;

  IncomingOffer(LinkNode node, int peerDomain, Offer offer) {
    this(node, peerDomain, offer, null);
  }

  IncomingOffer(LinkNode node, int peerDomain, Offer offer, ParkedMapping parked) {
    this.node = node;
    this.parked = parked;
    this.peerDomain = peerDomain;
    this.offer = offer;
    cameNanos = node.budget().now();
  }

  /** Returns the domain that made the offer, as the node's path proves it. */
  public int peerDomain() {
    return peerDomain;
  }

  /** Says whether the client has waited for longer than a handshake may take. */
  public boolean isLate() {
    return node.budget().isLate(peerDomain, cameNanos);
  }

  /** Takes the offer as dropped: its client is told nothing. */
  public void drop() {
    if (settle() && parked != null) {
      parked.release();
    }
  }

  private boolean settle() {
    if (settled) {
      return false;
    }
    settled = true;
    node.budget().settled(peerDomain);
    return true;
  }

  /**
   * Maps and checks the offer's memory. Where that fails, the client is told.
   *
   * @param doorbells doorbells of the calling thread's event loop
   * @return the mapped offer; {@code null} where the client gave up before, or the offer was
   *     answered before
   * @throws MalformedOfferException if an honest client would not have made the offer
   * @throws io.xenshm.xen.XenLimitException if the client's domain has reached a {@link PeerLimit}
   * @throws XenException if the memory cannot be mapped
   */
  public MappedOffer map(Doorbells doorbells) throws MalformedOfferException, XenException {
    boolean kept = false;
    try {
      MappedOffer mapped = parked == null ? mapIfOffered(doorbells) : mapAgain(doorbells);
      kept = mapped != null;
      return mapped;
    } finally {
      if (!kept) {
        drop();
      }
    }
  }

  private MappedOffer mapIfOffered(Doorbells doorbells)
      throws MalformedOfferException, XenException {
    SharedPages page = node.xen().grants().map(peerDomain, offer.descriptorReference());
    boolean kept = false;
    try {
      DescriptorPage descriptor = new DescriptorPage(page.memory());
      if (descriptor.state() != DescriptorPage.STATE_OFFERED) {
        return null;
      }
      MappedOffer mapped = MappedOffer.map(node, offer, page);
      kept = true;
      return mapped;
    } catch (IOException e) {
      if (e instanceof MalformedOfferException) {
        node.budget().violated(peerDomain);
      }
      refuse(
          page,
          doorbells,
          e instanceof XenException ? RefusalReason.NO_RESOURCES : RefusalReason.BAD_OFFER);
      throw e;
    } finally {
      if (!kept) {
        page.close();
      }
    }
  }

  private MappedOffer mapAgain(Doorbells doorbells) throws XenException {
    if (parked.former().descriptor.state() != DescriptorPage.STATE_OFFERED) {
      return null;
    }
    try {
      return MappedOffer.mapAgain(node, offer, parked);
    } catch (XenLimitException e) {
      refuse(parked.former().descriptorPage, doorbells, RefusalReason.NO_RESOURCES);
      throw e;
    }
  }

  /**
   * Refuses the offer without mapping more than its descriptor page.
   *
   * @param doorbells doorbells of the calling thread's event loop
   */
  public void refuse(Doorbells doorbells, RefusalReason reason) {
    if (parked == null) {
      drop();
      mapAndRefuse(doorbells, reason);
    } else if (!settled) {
      refuse(parked.former().descriptorPage, doorbells, reason);
      drop();
    }
  }

  private void mapAndRefuse(Doorbells doorbells, RefusalReason reason) {
    try (SharedPages page = node.xen().grants().map(peerDomain, offer.descriptorReference())) {
      refuse(page, doorbells, reason);
    } catch (XenException e) {
      logger.debug("Offer of domain {} could not be refused", peerDomain, e);
    }
  }

  private void refuse(SharedPages page, Doorbells doorbells, RefusalReason reason) {
    tellRefusal(
        new DescriptorPage(page.memory()), peerDomain, offer.eventChannelPort(), doorbells, reason);
  }

  static void tellRefusal(
      DescriptorPage descriptor,
      int peerDomain,
      int peerEventChannelPort,
      Doorbells doorbells,
      RefusalReason reason) {
    descriptor.setRefusalReason(reason.code());
    if (!descriptor.settle(DescriptorPage.STATE_REFUSED)) {
      return;
    }
    try {
      int port =
          doorbells.bindInterdomain(peerDomain, peerEventChannelPort, IgnoringHandler.INSTANCE);
      doorbells.ring(port);
      doorbells.unbind(port);
    } catch (XenException e) {
      logger.debug("Domain {} could not be told that its offer is refused", peerDomain, e);
    }
  }

  @Override
  public String toString() {
    return "offer of domain " + peerDomain + " for port " + offer.listenerPort();
  }
}
