package io.xenshm.link;

import io.xenshm.ring.RingLayout;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore.Permission;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A client without manners: it speaks the protocol with the raw primitives, and writes what it
 * likes wherever a guest can write. Used by one thread.
 */
public final class HostileClient implements AutoCloseable {
  public static final int RING = 4096;
  public static final int CONTROL_TO_SERVER = DescriptorPage.CLIENT_RING_CONTROL_OFFSET;
  public static final int CONTROL_TO_CLIENT = DescriptorPage.SERVER_RING_CONTROL_OFFSET;
  public static final int STATE = DescriptorPage.STATE_OFFSET;
  public static final int CLOSED = DescriptorPage.CLIENT_CLOSED_OFFSET;
  public static final int REASON = DescriptorPage.REASON_OFFSET;
  public static final int MAGIC = DescriptorPage.MAGIC_OFFSET;
  public static final int VERSION_AND_KIND = DescriptorPage.VERSION_OFFSET;
  public static final int NONCE = DescriptorPage.NONCE_OFFSET;
  public static final int CLIENT_RING_SIZE = DescriptorPage.CLIENT_RING_SIZE_OFFSET;
  public static final int SERVER_RING_SIZE = DescriptorPage.SERVER_RING_SIZE_OFFSET;
  public static final int REFERENCE_COUNT = DescriptorPage.REFERENCE_COUNT_OFFSET;
  public static final int REFERENCES = DescriptorPage.REFERENCES_OFFSET;
  public static final int OFFERED = DescriptorPage.STATE_OFFERED;
  public static final int ACCEPTED = DescriptorPage.STATE_ACCEPTED;
  public static final int REFUSED = DescriptorPage.STATE_REFUSED;
  public static final int ABANDONED = DescriptorPage.STATE_ABANDONED;
  public static final int PARKED = DescriptorPage.STATE_PARKED;
  public static final int RELEASED = DescriptorPage.STATE_RELEASED;

  /** What an honest client writes to its closed word. */
  public static final int MAY_PARK = DescriptorPage.CLOSED_MAY_PARK;

  /** The most of one domain's links whose memory waits for the next. */
  public static final int MAX_PARKED = PeerLimits.MAX_RESTING;

  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long PATIENCE_NANOS =
      TimeUnit.SECONDS.toNanos(Long.getLong("xenshm.contract.timeoutSeconds", 20));
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
  private static final String PROCESS = "0123456789abcdef";

  private final Xen xen;
  private final int server;
  private final LinkKind kind;
  private final EventChannels channels;
  private final SharedPages pages;
  private int port;
  private final long nonce = 0x1122334455667788L;
  private int serial;

  /** Grants the pages of one stream and writes an honest descriptor page. */
  public HostileClient(Xen xen, int server) throws XenException {
    this(xen, server, LinkKind.STREAM);
  }

  /** Grants the pages of one link and writes an honest descriptor page. */
  public HostileClient(Xen xen, int server, LinkKind kind) throws XenException {
    this.kind = kind;
    this.xen = xen;
    this.server = server;
    channels = xen.openEventChannels();
    port = channels.bindUnbound(server);
    LinkMemory memory = LinkMemory.grant(xen.grants(), server, RING);
    pages = memory.pages;
    memory.descriptor.writeHeader(kind, nonce, RING, memory.ringReferences());
    memory.descriptor.setLive(DescriptorPage.CLIENT_LIVE_OFFSET);
    memory.descriptor.offer();
  }

  /** Returns the memory: the descriptor page, the ring to the server, the ring to the client. */
  public MemorySegment memory() {
    return pages.memory();
  }

  public int[] references() {
    return pages.references();
  }

  public int get(long offset) {
    return memory().get(WORD, offset);
  }

  public void set(long offset, int value) {
    memory().set(WORD, offset, value);
  }

  /** Makes the offer that an honest client would make. */
  public void offer(int listenerPort) {
    offerText(honestOffer(listenerPort));
  }

  /** Returns the text of an honest offer. */
  public String honestOffer(int listenerPort) {
    String process =
        xen.xenStore()
            .list(StorePaths.listeners(server, new ListenerPort(kind, listenerPort)))
            .join()
            .get(0);
    return new Offer(kind, listenerPort, process, 50_000, references()[0], port, nonce).format();
  }

  /** Writes any text where an offer is expected. */
  public void offerText(String text) {
    String directory = StorePaths.offers(xen.domainId(), server);
    xen.xenStore()
        .transaction(
            transaction ->
                transaction
                    .makeDirectory(directory)
                    .thenCompose(
                        made ->
                            transaction.setPermissions(
                                directory, Permission.list("n" + xen.domainId(), "r" + server))))
        .join();
    xen.xenStore().write(StorePaths.offer(xen.domainId(), server, PROCESS, serial++), text).join();
  }

  /** Writes any text at any node that this domain may write. */
  public void write(String path, String text) {
    xen.xenStore().write(path, text).join();
  }

  /** Closes the port under the connection. */
  public void closePort() throws XenException {
    channels.unbind(port);
  }

  /**
   * Takes a new port for the next offer; one that another domain may bind, where that is wanted.
   */
  public void newPort(int forDomain) throws XenException {
    port = channels.bindUnbound(forDomain);
  }

  /** Rings the server once. */
  public void ring() throws XenException {
    channels.notify(port);
  }

  /** Ends the connection as an honest client does, and waits until the server keeps the memory. */
  public void park() throws XenException {
    close(MAY_PARK);
    int state = awaitChange(STATE, ACCEPTED);
    if (state != PARKED) {
      throw new AssertionError("the server answered with state " + state);
    }
  }

  /** Ends the connection with any closed word. */
  public void close(int closedWord) throws XenException {
    set(CONTROL_TO_SERVER + RingLayout.WRITER_STATE, RingLayout.CLOSED);
    set(CLOSED, closedWord);
    ring();
  }

  /** Offers parked memory again, with a new port, as an honest client does. */
  public void offerAgain(int listenerPort) throws XenException {
    int formerPort = port;
    newPort(server);
    offerAgain(formerPort, listenerPort, 50_001, port);
  }

  /** Offers parked memory again, with any words, and rings at the former port. */
  public void offerAgain(int formerPort, int listenerPort, int clientPort, int eventChannelPort)
      throws XenException {
    new DescriptorPage(memory()).prepareOffer(listenerPort, clientPort, eventChannelPort);
    VarHandle.releaseFence();
    set(STATE, OFFERED);
    channels.notify(formerPort);
  }

  public int port() {
    return port;
  }

  /** Says whether the server maps the memory, as its kernel tells. */
  public boolean isMapped() {
    return new DescriptorPage(memory()).isLive(DescriptorPage.SERVER_LIVE_OFFSET);
  }

  /** Waits until the server has unmapped the memory. */
  public void awaitUnmapped() {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (isMapped()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the memory is mapped still");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Waits until a word is no longer what it was; returns what it is. */
  public int awaitChange(long offset, int from) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    int value;
    while ((value = get(offset)) == from) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the word at " + offset + " is still " + from);
      }
      // The peer may need this processor.
      LockSupport.parkNanos(PAUSE_NANOS);
      VarHandle.acquireFence();
    }
    return value;
  }

  /** Waits for the server's answer to the offer; returns the state. */
  public int awaitAnswer() {
    return awaitChange(STATE, OFFERED);
  }

  /** Publishes bytes that are in the ring to the server, and rings. */
  public void publish(int producerIndex) throws XenException {
    VarHandle.releaseFence();
    set(CONTROL_TO_SERVER, producerIndex);
    ring();
  }

  @Override
  public void close() {
    pages.close();
    channels.close();
  }
}
