package io.xenshm.link;

import io.xenshm.ring.RingLayout;
import io.xenshm.xen.Xen;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The page that names all other pages of a link. XenStore carries its grant reference only.
 * Little-endian.
 *
 * <pre>
 *    0        4        6        8                 16       20       24
 *    +--------+--------+--------+-----------------+--------+--------+--------+
 *    | magic  |version | kind   | nonce           | c-to-s | s-to-c | refs   |   written by the client
 *    | u32    | u16    | u16    | u64             | size   | size   | count  |   before the offer
 *    +--------+--------+--------+-----------------+--------+--------+--------+
 *   64 | state u32 | refusal reason u32 |            changed by compare-and-set
 *   72 | listener port u32 | client port u32 | event channel port u32 |  of a further offer
 *  128 | client live u8 | ... | client closed u32 | client beat u32 |  live: cleared by the kernel
 *  192 | server live u8 | ... | server closed u32 | server beat u32 |  when that side's mapping ends
 *  512 | ring control block, client to server, 512 bytes |
 * 1024 | ring control block, server to client, 512 bytes |
 * 2048 | grant references u32[512]: the pages of client to server, then of server to client |
 * 4096
 * </pre>
 */
final class DescriptorPage {
  static final int MAGIC = 0x4d485358;
  static final int VERSION = 1;

  static final int MAGIC_OFFSET = 0;
  static final int VERSION_OFFSET = 4;
  static final int KIND_OFFSET = 6;
  static final int NONCE_OFFSET = 8;
  static final int CLIENT_RING_SIZE_OFFSET = 16;
  static final int SERVER_RING_SIZE_OFFSET = 20;
  static final int REFERENCE_COUNT_OFFSET = 24;
  static final int STATE_OFFSET = 64;
  static final int REASON_OFFSET = 68;
  static final int LISTENER_PORT_OFFSET = 72;
  static final int CLIENT_PORT_OFFSET = 76;
  static final int EVENT_CHANNEL_PORT_OFFSET = 80;
  static final int CLIENT_LIVE_OFFSET = 128;
  static final int CLIENT_CLOSED_OFFSET = 132;
  static final int CLIENT_BEAT_OFFSET = 136;
  static final int SERVER_LIVE_OFFSET = 192;
  static final int SERVER_CLOSED_OFFSET = 196;
  static final int SERVER_BEAT_OFFSET = 200;
  static final int CLIENT_RING_CONTROL_OFFSET = 512;
  static final int SERVER_RING_CONTROL_OFFSET =
      CLIENT_RING_CONTROL_OFFSET + RingLayout.CONTROL_SIZE;
  static final int REFERENCES_OFFSET = 2048;

  /** The client offers the link. */
  static final int STATE_OFFERED = 1;

  /** The server took it. */
  static final int STATE_ACCEPTED = 2;

  /** The server does not want it; the reason stands beside. */
  static final int STATE_REFUSED = 3;

  /** The client gave up before the server answered. */
  static final int STATE_ABANDONED = 4;

  /** The link ended; the server keeps the memory mapped, and waits for a further offer. */
  static final int STATE_PARKED = 5;

  /** The server waited for long enough: it unmaps the memory. */
  static final int STATE_RELEASED = 6;

  /** In a <em>closed</em> word: this end closed the link. */
  static final int CLOSED = 1;

  /** In the client's <em>closed</em> word: it closed the link, and may offer the memory again. */
  static final int CLOSED_MAY_PARK = 2;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT_WORD = INT.varHandle();
  private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();

  private final MemorySegment page;

  DescriptorPage(MemorySegment page) {
    this.page = page.asSlice(0, Xen.PAGE_SIZE);
  }

  void writeHeader(LinkKind kind, long nonce, int ringSize, int[] ringReferences) {
    page.set(INT, MAGIC_OFFSET, MAGIC);
    page.set(SHORT, VERSION_OFFSET, (short) VERSION);
    page.set(SHORT, KIND_OFFSET, (short) kind.code);
    page.set(LONG, NONCE_OFFSET, nonce);
    page.set(INT, CLIENT_RING_SIZE_OFFSET, ringSize);
    page.set(INT, SERVER_RING_SIZE_OFFSET, ringSize);
    page.set(INT, REFERENCE_COUNT_OFFSET, ringReferences.length);
    for (int i = 0; i < ringReferences.length; i++) {
      page.set(INT, REFERENCES_OFFSET + (long) i * Integer.BYTES, ringReferences[i]);
    }
  }

  int magic() {
    return page.get(INT, MAGIC_OFFSET);
  }

  int version() {
    return Short.toUnsignedInt(page.get(SHORT, VERSION_OFFSET));
  }

  int kind() {
    return Short.toUnsignedInt(page.get(SHORT, KIND_OFFSET));
  }

  long nonce() {
    return page.get(LONG, NONCE_OFFSET);
  }

  int clientRingSize() {
    return page.get(INT, CLIENT_RING_SIZE_OFFSET);
  }

  int serverRingSize() {
    return page.get(INT, SERVER_RING_SIZE_OFFSET);
  }

  int referenceCount() {
    return page.get(INT, REFERENCE_COUNT_OFFSET);
  }

  int reference(int index) {
    return page.get(INT, REFERENCES_OFFSET + (long) index * Integer.BYTES);
  }

  int state() {
    return (int) INT_WORD.getAcquire(page, (long) STATE_OFFSET);
  }

  void offer() {
    INT_WORD.setRelease(page, (long) STATE_OFFSET, STATE_OFFERED);
  }

  /** Answers the offer, or withdraws it; false where the other side was faster. */
  boolean settle(int newState) {
    return INT_WORD.compareAndSet(page, (long) STATE_OFFSET, STATE_OFFERED, newState);
  }

  /** The server touches the rings no more. */
  void park() {
    INT_WORD.setRelease(page, (long) STATE_OFFSET, STATE_PARKED);
  }

  /** Ends the parking; false where the other side was faster. */
  boolean unpark(int newState) {
    return INT_WORD.compareAndSet(page, (long) STATE_OFFSET, STATE_PARKED, newState);
  }

  /** Makes parked memory ready for a further offer, all but the state. */
  void prepareOffer(int listenerPort, int clientPort, int eventChannelPort) {
    page.asSlice(CLIENT_RING_CONTROL_OFFSET, 2L * RingLayout.CONTROL_SIZE).fill((byte) 0);
    page.set(INT, CLIENT_CLOSED_OFFSET, 0);
    page.set(INT, CLIENT_BEAT_OFFSET, 0);
    page.set(INT, SERVER_CLOSED_OFFSET, 0);
    page.set(INT, SERVER_BEAT_OFFSET, 0);
    page.set(INT, REASON_OFFSET, 0);
    page.set(INT, LISTENER_PORT_OFFSET, listenerPort);
    page.set(INT, CLIENT_PORT_OFFSET, clientPort);
    page.set(INT, EVENT_CHANNEL_PORT_OFFSET, eventChannelPort);
  }

  int listenerPort() {
    return page.get(INT, LISTENER_PORT_OFFSET);
  }

  int clientPort() {
    return page.get(INT, CLIENT_PORT_OFFSET);
  }

  int eventChannelPort() {
    return page.get(INT, EVENT_CHANNEL_PORT_OFFSET);
  }

  int refusalReason() {
    return (int) INT_WORD.getAcquire(page, (long) REASON_OFFSET);
  }

  void setRefusalReason(int code) {
    INT_WORD.setRelease(page, (long) REASON_OFFSET, code);
  }

  void setLive(int liveOffset) {
    BYTE.setRelease(page, (long) liveOffset, (byte) 1);
  }

  boolean isLive(int liveOffset) {
    return (byte) BYTE.getAcquire(page, (long) liveOffset) != 0;
  }

  void setClosed(int closedOffset, int how) {
    INT_WORD.setRelease(page, (long) closedOffset, how);
  }

  boolean isClosed(int closedOffset) {
    return (int) INT_WORD.getAcquire(page, (long) closedOffset) != 0;
  }

  /** Says whether the client closed the link, and may offer its memory again. */
  boolean mayPark() {
    return (int) INT_WORD.getAcquire(page, (long) CLIENT_CLOSED_OFFSET) == CLOSED_MAY_PARK;
  }

  void setBeat(int beatOffset, int beat) {
    INT_WORD.setOpaque(page, (long) beatOffset, beat);
  }

  int beat(int beatOffset) {
    return (int) INT_WORD.getOpaque(page, (long) beatOffset);
  }

  MemorySegment clientRingControl() {
    return page.asSlice(CLIENT_RING_CONTROL_OFFSET, RingLayout.CONTROL_SIZE);
  }

  MemorySegment serverRingControl() {
    return page.asSlice(SERVER_RING_CONTROL_OFFSET, RingLayout.CONTROL_SIZE);
  }
}
