package io.xenshm.link;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.FuzzXen;
import io.xenshm.fuzz.Fuzzing;
import io.xenshm.ring.RingLayout;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A hostile client and our server: an offer with a descriptor page, refused or accepted, and then
 * used while the client goes on writing. Whatever it writes, nothing is held at the end.
 */
public final class ServerLinkFuzz {
  private static final int CLIENT = 2;
  private static final String HONEST = "1 stream 4711 0123456789abcdef 40000 1 5 00000000000000ff";
  private static final FuzzXen XEN = new FuzzXen();
  private static final LinkNode NODE = HostileLinkPeer.node(XEN);
  private static final MemorySegment PAGE = Arena.ofAuto().allocate(Xen.PAGE_SIZE, 64);

  static {
    Fuzzing.quiet();
  }

  private ServerLinkFuzz() {}

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    Offer offer;
    try {
      offer = Offer.parse(input.yes() ? input.bytes() : HONEST.getBytes(StandardCharsets.US_ASCII));
    } catch (MalformedOfferException e) {
      return;
    }
    XEN.begin(input);
    XEN.store().begin(input, List.of("", "1 stream *"), List.of("0123456789abcdef"));
    Doorbells doorbells = HostileLinkPeer.doorbells(NODE, XEN);
    HostileLinkPeer peer = new HostileLinkPeer(input, doorbells);
    offer(input, offer, peer);
    run(input, new IncomingOffer(NODE, CLIENT, offer), doorbells, peer);
    doorbells.close();
    XEN.checkNothingHeld();
  }

  /** A descriptor page as an honest client writes it, changed as the input says. */
  private static void offer(FuzzInput input, Offer offer, HostileLinkPeer peer) {
    PAGE.fill((byte) 0);
    int size = RingLayout.MIN_SIZE << input.below(3);
    int[] references = new int[2 * size / Xen.PAGE_SIZE];
    for (int i = 0; i < references.length; i++) {
      references[i] = offer.descriptorReference() + 1 + i;
    }
    DescriptorPage page = new DescriptorPage(PAGE);
    page.writeHeader(offer.kind(), offer.nonce(), size, references);
    page.setLive(DescriptorPage.CLIENT_LIVE_OFFSET);
    page.offer();
    for (int i = input.below(8); i > 0; i--) {
      if (input.yes()) {
        peer.corrupt(PAGE);
      } else {
        PAGE.set(HostileLinkPeer.WORD, 4L * input.below(8), input.i32());
      }
    }
    XEN.setDescriptor(PAGE);
  }

  private static void run(
      FuzzInput input, IncomingOffer incoming, Doorbells doorbells, HostileLinkPeer peer) {
    try {
      MappedOffer mapped = incoming.map(doorbells);
      if (mapped == null) {
        return;
      }
      MemorySegment page = mapped.descriptorPage.memory();
      check(
          mapped.rings.memory().byteSize() == mapped.clientRingSize + mapped.serverRingSize,
          "as much memory is mapped as the rings need");
      for (int i = input.below(4); i > 0; i--) {
        peer.corrupt(page);
      }
      if (input.yes()) {
        mapped.refuse(doorbells, RefusalReason.BACKLOG_FULL);
        return;
      }
      Link link = mapped.accept(doorbells, Runnable::run);
      mapped.refuse(doorbells, RefusalReason.NO_LISTENER); // a second answer changes nothing
      if (link != null) {
        peer.use(link, page);
        peer.goOn(page); // the memory may be parked, and offered again
      }
    } catch (MalformedOfferException | XenException e) {
      // the client's own loss
    }
  }
}
