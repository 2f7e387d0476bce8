package io.xenshm.link;

import static io.xenshm.fuzz.Fuzzing.check;

import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.FuzzXen;
import io.xenshm.fuzz.Fuzzing;
import io.xenshm.ring.RingLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Our client and a hostile server: listeners in XenStore, the answer to an offer, then the link,
 * used while the server goes on writing. The attempt ends once, and nothing is held once the server
 * has unmapped the memory.
 */
public final class ClientLinkFuzz implements LinkConnector.Callback {
  private static final int SERVER = 2;
  private static final FuzzXen XEN = new FuzzXen();
  private static final LinkNode NODE = HostileLinkPeer.node(XEN);
  private static final List<String> RECORDS =
      List.of("1 stream *", "1 stream xen", "1,2 datagram *", "2 stream *", "1 stream 10.0.0.5");
  private static final List<String> PROCESSES = List.of("0123456789abcdef", "ffffffffffffffff");

  static {
    Fuzzing.quiet();
  }

  private Link link;
  private int ends;

  private ClientLinkFuzz() {}

  /** One run. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    XEN.begin(input);
    XEN.store().begin(input, RECORDS, PROCESSES);
    Doorbells doorbells = HostileLinkPeer.doorbells(NODE, XEN);
    HostileLinkPeer peer = new HostileLinkPeer(input, doorbells);
    // the second connects with the memory of the first, if the server keeps that
    new ClientLinkFuzz().run(input, doorbells, peer);
    new ClientLinkFuzz().run(input, doorbells, peer);
    unmapAll(peer);
    unmapAll(peer); // a server that was to keep memory has been told to let go
    NODE.pool().forget(SERVER);
    NODE.limits().forget(SERVER);
    XEN.checkNothingHeld();
  }

  /** The kernel's notifications that the server unmapped the memory. */
  private static void unmapAll(HostileLinkPeer peer) {
    for (MemorySegment page : XEN.pages()) {
      page.set(ValueLayout.JAVA_BYTE, DescriptorPage.SERVER_LIVE_OFFSET, (byte) 0);
    }
    peer.ringAll();
  }

  private void run(FuzzInput input, Doorbells doorbells, HostileLinkPeer peer) {
    LinkKind kind = input.yes() ? LinkKind.STREAM : LinkKind.DATAGRAM;
    LinkConnector connector =
        new LinkConnector(
            NODE,
            doorbells,
            Runnable::run,
            new LinkTarget(kind, SERVER, 4711, null, 40000),
            RingLayout.MIN_SIZE << input.below(2),
            this);
    connector.start();
    for (int i = input.below(6); i > 0 && ends == 0; i--) {
      answer(input, peer);
      peer.ringAll();
    }
    connector.abandon(new IOException("given up"));
    check(ends == 1, "an attempt ends once: " + ends);
    if (link != null) {
      MemorySegment page = XEN.pages().get(XEN.pages().size() - 1);
      peer.use(link, page);
      peer.goOn(page);
    }
    check(ends == 1, "an attempt ends once: " + ends);
  }

  /** The server answers, in words that there are or in others. */
  private static void answer(FuzzInput input, HostileLinkPeer peer) {
    List<MemorySegment> pages = XEN.pages();
    if (pages.isEmpty()) {
      return;
    }
    MemorySegment page = pages.get(pages.size() - 1);
    if (input.yes()) {
      page.set(ValueLayout.JAVA_BYTE, DescriptorPage.SERVER_LIVE_OFFSET, (byte) 1);
      page.set(HostileLinkPeer.WORD, DescriptorPage.REASON_OFFSET, input.u8());
      page.set(HostileLinkPeer.WORD, DescriptorPage.STATE_OFFSET, input.below(8));
    } else {
      peer.corrupt(page);
    }
  }

  @Override
  public void connected(Link link) {
    ends++;
    this.link = link;
  }

  @Override
  public void failed(IOException cause) {
    ends++;
  }
}
