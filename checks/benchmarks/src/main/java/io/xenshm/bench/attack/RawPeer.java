package io.xenshm.bench.attack;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A client that speaks the protocol with the raw primitives (docs/protocol.md), for one offer. */
final class RawPeer implements AutoCloseable {
  static final int ACCEPTED = 2;

  private static final int OFFERED = 1;
  private static final int MAGIC = 0x4d485358;
  private static final int VERSION_AND_KIND = 0x10001;
  private static final long NONCE = 0x0123456789abcdefL;
  private static final int PAGES = 3;
  private static final int STATE = 64;
  private static final int CLIENT_LIVE = 128;
  private static final int SERVER_LIVE = 192;
  private static final int SERVER_CLOSED = 196;
  private static final int PRODUCER_INDEX = 512;
  private static final int REFERENCES = 2048;
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final EventChannels channels;
  private final SharedPages pages;
  private final MemorySegment memory;
  private final int port;

  RawPeer(Xen xen, EventChannels channels, int server) throws XenException {
    this.channels = channels;
    pages = xen.grants().grant(server, PAGES);
    memory = pages.memory();
    port = channels.bindUnbound(server);
    memory.set(INT, 0, MAGIC);
    memory.set(INT, 4, VERSION_AND_KIND);
    memory.set(LONG, 8, NONCE);
    memory.set(INT, 16, Xen.PAGE_SIZE);
    memory.set(INT, 20, Xen.PAGE_SIZE);
    memory.set(INT, 24, PAGES - 1);
    for (int i = 1; i < PAGES; i++) {
      memory.set(INT, REFERENCES + (i - 1) * 4L, pages.references()[i]);
    }
    memory.set(ValueLayout.JAVA_BYTE, CLIENT_LIVE, (byte) 1);
    VarHandle.releaseFence();
    memory.set(INT, STATE, OFFERED);
  }

  /** Returns the text of the offer. */
  String offer(int listenerPort, String listenerProcess) {
    return offer(listenerPort, listenerProcess, pages.references()[0], port);
  }

  static String offer(int listenerPort, String listenerProcess, int reference, int port) {
    return "1 stream %d %s 50000 %d %d %016x"
        .formatted(listenerPort, listenerProcess, reference, port, NONCE);
  }

  /** Waits for a short while for the answer; returns the state. */
  int awaitAnswer() {
    return awaitChange(STATE, OFFERED);
  }

  /** Waits for a short while until the server has closed its end. */
  void awaitClose() {
    awaitChange(SERVER_CLOSED, 0);
  }

  private int awaitChange(long offset, int from) {
    long start = System.nanoTime();
    int value;
    do {
      VarHandle.acquireFence();
      value = memory.get(INT, offset);
      if (value != from) {
        return value;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    } while (System.nanoTime() - start < PATIENCE_NANOS);
    return value;
  }

  void ring() throws XenException {
    channels.notify(port);
  }

  /** Publishes bytes up to an index, whatever it is. */
  void publish(int index) throws XenException {
    memory.set(INT, PRODUCER_INDEX, index);
    VarHandle.fullFence();
    ring();
  }

  /** Closes as if this process had ended; waits for the server to unmap, so that pages are free. */
  @Override
  public void close() throws XenException {
    memory.set(ValueLayout.JAVA_BYTE, CLIENT_LIVE, (byte) 0);
    VarHandle.fullFence();
    ring();
    long start = System.nanoTime();
    while (memory.get(ValueLayout.JAVA_BYTE, SERVER_LIVE) != 0
        && System.nanoTime() - start < PATIENCE_NANOS) {
      LockSupport.parkNanos(PAUSE_NANOS);
      VarHandle.acquireFence();
    }
    channels.unbind(port);
    pages.close();
  }
}
