package io.xenshm.netty;

import io.netty.channel.FileRegion;
import io.xenshm.link.Link;
import io.xenshm.link.Link.PeerState;
import io.xenshm.ring.ByteRingProducer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;

/**
 * What a {@link FileRegion} writes to: open while the region is asked to write, and to the thread
 * that asks. The peer is told of what was written before the region returns, so that one that
 * writes until its block is written ends, as with a socket. Belongs to the channel's event loop.
 */
final class RingFileWriter implements WritableByteChannel {
  private final Link link;
  private final ByteRingProducer producer;
  private final RingOutput output;

  /** Who may write now; {@code null} where nobody may. Other threads look at it too. */
  private volatile Thread writer;

  private boolean closedByRegion;

  /** The region found the ring full, and did not return. */
  private boolean triesAgain;

  private long written;

  RingFileWriter(Link link, RingOutput output) {
    this.link = link;
    producer = link.producer();
    this.output = output;
  }

  /** Returns the bytes that the region wrote, whatever it says; 0 where the ring is full. */
  long write(FileRegion region) throws IOException {
    if (producer.free() == 0) {
      return 0;
    }
    long before = written;
    triesAgain = false;
    writer = Thread.currentThread();
    try {
      region.transferTo(this, region.transferred());
    } finally {
      writer = null;
    }
    return written - before;
  }

  /** A region that closed a socket would have ended its connection. */
  void checkClosed() throws ClosedChannelException {
    if (closedByRegion) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    int count = producer.write(source);
    if (count > 0) {
      triesAgain = false;
      written += count;
      output.written(count);
    } else if (source.hasRemaining()) {
      output.publish();
      if (triesAgain) {
        awaitReader();
      }
      triesAgain = true;
    }
    return count;
  }

  /**
   * A region that tries again and again keeps the event loop from noticing that the peer is gone.
   */
  @SuppressWarnings("ThreadPriorityCheck") // a yield helps where both ends share a processor
  private void awaitReader() throws IOException {
    PeerState peer = link.peerState();
    if (peer != PeerState.OPEN || output.isPeerSilent()) {
      throw new IOException(
          "broken pipe: the peer in domain " + link.peerDomain() + " reads no more (" + peer + ")");
    }
    Thread.yield();
  }

  @Override
  public boolean isOpen() {
    return Thread.currentThread().equals(writer) && !closedByRegion;
  }

  @Override
  public void close() {
    if (isOpen()) {
      closedByRegion = true;
    }
  }
}
