package io.xenshm.link;

import io.xenshm.ring.RingLayout;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.util.concurrent.Executor;
import org.agrona.collections.IntHashSet;

/**
 * An offer whose memory this server has mapped and checked, and that it may accept.
 *
 * <p>Of the descriptor page every word is read once, copied and checked. The client may change the
 * page meanwhile: only the copies are used.
 */
public final class MappedOffer {
  final SharedPages descriptorPage;
  final DescriptorPage descriptor;
  final SharedPages rings;
  final int clientRingSize;
  final int serverRingSize;
  final int clientPort;
  private final Offer offer;
  private final LinkNode node;
  private final PeerLimits.Lease lease;

  /** What the memory was before; null where it is mapped for the first time. */
  private final ParkedMapping parked;

  private boolean settled;

  private MappedOffer(
      LinkNode node,
      Offer offer,
      SharedPages descriptorPage,
      SharedPages rings,
      int clientRingSize,
      int serverRingSize,
      PeerLimits.Lease lease,
      ParkedMapping parked) {
    this.node = node;
    this.offer = offer;
    this.parked = parked;
    this.lease = lease;
    this.descriptorPage = descriptorPage;
    this.descriptor = new DescriptorPage(descriptorPage.memory());
    this.rings = rings;
    this.clientRingSize = clientRingSize;
    this.serverRingSize = serverRingSize;
    this.clientPort = offer.clientPort();
  }

  /** Maps an offer's memory. The descriptor page stays the caller's where this throws. */
  static MappedOffer map(LinkNode node, Offer offer, SharedPages descriptorPage)
      throws MalformedOfferException, XenException {
    DescriptorPage page = new DescriptorPage(descriptorPage.memory());
    expect("magic", page.magic(), DescriptorPage.MAGIC);
    expect("version", page.version(), DescriptorPage.VERSION);
    expect("kind", page.kind(), offer.kind().code);
    if (page.nonce() != offer.nonce()) {
      throw new MalformedOfferException("descriptor page holds another nonce than the offer");
    }
    int clientRingSize = checkRingSize("client", page.clientRingSize());
    int serverRingSize = checkRingSize("server", page.serverRingSize());
    int pages = (clientRingSize + serverRingSize) / Xen.PAGE_SIZE;
    expect("reference count", page.referenceCount(), pages);
    int[] references = new int[pages];
    IntHashSet seen = new IntHashSet(2 * pages);
    seen.add(offer.descriptorReference());
    for (int i = 0; i < pages; i++) {
      references[i] = page.reference(i);
      if (!seen.add(references[i])) {
        throw new MalformedOfferException(
            "grant reference " + references[i] + " stands twice in the descriptor page");
      }
    }
    PeerLimits.Lease lease = node.limits().map(descriptorPage.peerDomainId(), 1 + pages);
    boolean mapped = false;
    try {
      SharedPages rings = node.xen().grants().map(descriptorPage.peerDomainId(), references);
      mapped = true;
      return new MappedOffer(
          node, offer, descriptorPage, rings, clientRingSize, serverRingSize, lease, null);
    } finally {
      if (!mapped) {
        lease.end();
      }
    }
  }

  /**
   * Takes memory that is mapped and checked already.
   *
   * @throws XenLimitException if the client's domain has too many links
   */
  static MappedOffer mapAgain(LinkNode node, Offer offer, ParkedMapping parked)
      throws XenLimitException {
    MappedOffer former = parked.former();
    former.lease.resume(former.peerDomain());
    return new MappedOffer(
        node,
        offer,
        former.descriptorPage,
        former.rings,
        former.clientRingSize,
        former.serverRingSize,
        former.lease,
        parked);
  }

  /**
   * Returns the offer that the client makes of memory that is mapped already. Each word is read
   * once.
   *
   * @throws MalformedOfferException if there is no such port
   */
  Offer offerAgain(String listenerProcess) throws MalformedOfferException {
    return new Offer(
        offer.kind(),
        inRange("listener port", descriptor.listenerPort(), Offer.MAX_PORT),
        listenerProcess,
        inRange("client port", descriptor.clientPort(), Offer.MAX_PORT),
        offer.descriptorReference(),
        inRange("event channel port", descriptor.eventChannelPort(), Integer.MAX_VALUE),
        offer.nonce());
  }

  private static int inRange(String field, int value, int max) throws MalformedOfferException {
    if (value < 1 || value > max) {
      throw new MalformedOfferException(
          field + " of the descriptor page is " + Integer.toUnsignedString(value));
    }
    return value;
  }

  private static void expect(String field, int value, int expected) throws MalformedOfferException {
    if (value != expected) {
      throw new MalformedOfferException(
          field + " of the descriptor page is " + value + ", not " + expected);
    }
  }

  private static int checkRingSize(String side, int size) throws MalformedOfferException {
    try {
      RingLayout.checkSize(size);
    } catch (IllegalArgumentException e) {
      throw new MalformedOfferException(side + " ring: " + e.getMessage());
    }
    return size;
  }

  /** Returns the domain that made the offer. */
  public int peerDomain() {
    return descriptorPage.peerDomainId();
  }

  /** Returns what the client calls its own port. */
  public int peerPort() {
    return clientPort;
  }

  /**
   * Accepts: from now on the client sees a connection.
   *
   * @param doorbells the doorbells of the event loop that the link will belong to
   * @param loop that event loop; this is called on its thread
   * @return the link; {@code null} where the client gave up before. The memory is unmapped then.
   * @throws XenException if the port cannot be bound or used; the offer is refused then
   */
  public Link accept(Doorbells doorbells, Executor loop) throws XenException {
    settle();
    int port;
    try {
      port =
          doorbells.bindInterdomain(
              peerDomain(), offer.eventChannelPort(), IgnoringHandler.INSTANCE);
    } catch (XenException e) {
      descriptor.setRefusalReason(RefusalReason.NO_RESOURCES.code());
      descriptor.settle(DescriptorPage.STATE_REFUSED);
      unmap();
      throw e;
    }
    EventChannels channels = doorbells.channels();
    try {
      descriptorPage.notifyOnUnmap(DescriptorPage.SERVER_LIVE_OFFSET, channels, port);
    } catch (XenException e) {
      descriptor.setRefusalReason(RefusalReason.NO_RESOURCES.code());
      descriptor.settle(DescriptorPage.STATE_REFUSED);
      doorbells.ring(port);
      unmap();
      doorbells.unbind(port);
      throw e;
    }
    descriptor.setLive(DescriptorPage.SERVER_LIVE_OFFSET);
    if (!descriptor.settle(DescriptorPage.STATE_ACCEPTED)) {
      unmap();
      doorbells.unbind(port);
      return null;
    }
    Link link = new MappedLink(node, this, doorbells, port, loop);
    link.ring();
    return link;
  }

  /**
   * Refuses, unless it was accepted or refused before: unmaps the memory and tells the client why.
   *
   * @param doorbells doorbells of the calling thread's event loop
   */
  public void refuse(Doorbells doorbells, RefusalReason reason) {
    if (settled) {
      return;
    }
    settle();
    IncomingOffer.tellRefusal(
        descriptor, peerDomain(), offer.eventChannelPort(), doorbells, reason);
    unmap();
  }

  /** Unmaps the memory, unless the offer was accepted or refused before. The client is not told. */
  public void drop() {
    if (!settled) {
      settle();
      unmap();
    }
  }

  private void settle() {
    settled = true;
    node.budget().settled(peerDomain());
    if (parked != null) {
      parked.releasePort();
    }
  }

  /** The link has ended, and its memory may wait for the next one; false where enough does. */
  boolean tryRest() {
    return offer.kind() == LinkKind.STREAM && lease.tryRest();
  }

  /** The descriptor page comes last: the notification that follows it says that all is unmapped. */
  void unmap() {
    rings.close();
    descriptorPage.close();
    lease.end();
  }
}
