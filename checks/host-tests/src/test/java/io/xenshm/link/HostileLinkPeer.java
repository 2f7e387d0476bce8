package io.xenshm.link;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.xenshm.fuzz.FuzzInput;
import io.xenshm.fuzz.FuzzXen;
import io.xenshm.ring.RingViolationException;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Uses one end of a link as a channel does, while the peer writes what the input says into the
 * pages, and rings. For the fuzz targets of both ends.
 */
final class HostileLinkPeer {
  static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int[] WORDS = {
    DescriptorPage.STATE_OFFSET,
    DescriptorPage.REASON_OFFSET,
    DescriptorPage.LISTENER_PORT_OFFSET,
    DescriptorPage.CLIENT_PORT_OFFSET,
    DescriptorPage.EVENT_CHANNEL_PORT_OFFSET,
    DescriptorPage.CLIENT_LIVE_OFFSET,
    DescriptorPage.CLIENT_CLOSED_OFFSET,
    DescriptorPage.CLIENT_BEAT_OFFSET,
    DescriptorPage.SERVER_LIVE_OFFSET,
    DescriptorPage.SERVER_CLOSED_OFFSET,
    DescriptorPage.SERVER_BEAT_OFFSET,
    DescriptorPage.CLIENT_RING_CONTROL_OFFSET,
    DescriptorPage.CLIENT_RING_CONTROL_OFFSET + 4,
    DescriptorPage.CLIENT_RING_CONTROL_OFFSET + 128,
    DescriptorPage.SERVER_RING_CONTROL_OFFSET,
    DescriptorPage.SERVER_RING_CONTROL_OFFSET + 4,
    DescriptorPage.SERVER_RING_CONTROL_OFFSET + 128
  };

  private static final ScheduledExecutorService LOOP = new InlineLoop();

  private final FuzzInput input;
  private final Doorbells doorbells;

  HostileLinkPeer(FuzzInput input, Doorbells doorbells) {
    this.input = input;
    this.doorbells = doorbells;
  }

  /** Doorbells of a loop whose time stands still. */
  static Doorbells doorbells(LinkNode node, FuzzXen xen) {
    return new Doorbells(xen.openEventChannels(), node.limits(), LOOP);
  }

  static LinkNode node(FuzzXen xen) {
    try {
      return LinkNode.acquire(xen);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Rings all ports: whoever has one may ring it at any time. */
  void ringAll() {
    try {
      doorbells.dispatch();
    } catch (XenException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a word of a page: one of those that mean something, or any. */
  void corrupt(MemorySegment page) {
    int offset = input.yes() ? WORDS[input.below(WORDS.length)] : 4 * input.below(1024);
    page.set(WORD, offset, input.yes() ? input.u8() : input.i32());
  }

  /** Uses the link until the input ends, or says so. */
  void use(Link link, MemorySegment page) {
    link.setListener(new Use(link));
    ByteBuf buffer = Unpooled.buffer(4096);
    boolean going = true;
    while (going && !input.isEmpty() && !link.isClosed()) {
      try {
        going = step(link, page, buffer);
      } catch (RingViolationException e) {
        going = false; // a channel closes its link then
      }
    }
    link.close();
    link.close();
  }

  /** Writes and rings after the end of the link, as long as its page is there. */
  void goOn(MemorySegment page) {
    for (int i = input.below(8); i > 0 && page.scope().isAlive(); i--) {
      if (input.yes()) {
        ringAll();
      } else {
        corrupt(page);
      }
    }
  }

  /** Returns whether to go on. */
  private boolean step(Link link, MemorySegment page, ByteBuf buffer)
      throws RingViolationException {
    switch (input.below(10)) {
      case 0 -> {
        buffer.clear().writeZero(input.below(4096));
        link.producer().write(buffer, buffer.readableBytes());
      }
      case 1 -> {
        if (link.producer().publish() && link.producer().takeDataBell()) {
          link.ring();
        }
      }
      case 2 -> link.consumer().read(buffer.clear(), input.below(4096));
      case 3 -> {
        link.consumer().release();
        link.consumer().takeSpaceBell();
      }
      case 4 -> link.beat();
      case 5 -> link.peerState();
      case 6 -> ringAll();
      case 7 -> {
        link.consumer().isFinished();
        link.producer().hasPeerShutReader();
      }
      case 8 -> {
        return false;
      }
      default -> corrupt(page);
    }
    return true;
  }

  private record Use(Link link) implements LinkListener {
    @Override
    public void doorbell() {
      link.peerState();
    }

    @Override
    public void loopEnds() {
      link.close();
    }
  }
}
