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
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Uses one end of a link as a channel does, while the peer writes what the input says into the
 * pages, and rings. For the fuzz targets of both ends.
 */
final class HostileLinkPeer {
  static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int[] WORDS = {
    DescriptorPage.STATE_OFFSET,
    DescriptorPage.REASON_OFFSET,
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

  /** Takes nothing. */
  private static final ScheduledExecutorService NO_TIMER = new ScheduledThreadPoolExecutor(0);

  static {
    NO_TIMER.shutdown();
  }

  private final FuzzInput input;
  private final Doorbells doorbells;

  HostileLinkPeer(FuzzInput input, Doorbells doorbells) {
    this.input = input;
    this.doorbells = doorbells;
  }

  /** No event loop: ports that ring too often are unmasked at once. */
  static Doorbells doorbells(LinkNode node, FuzzXen xen) {
    return new Doorbells(xen.openEventChannels(), node.limits(), NO_TIMER);
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
    while (!input.isEmpty() && !link.isClosed()) {
      try {
        step(link, page, buffer);
      } catch (RingViolationException e) {
        break; // a channel closes its link then
      }
    }
    link.close();
    link.close();
  }

  private void step(Link link, MemorySegment page, ByteBuf buffer) throws RingViolationException {
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
      default -> corrupt(page);
    }
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
