package io.xenshm.link;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A listener without manners: it announces itself as an honest one does, and answers as it likes.
 * Takes one offer. Used by one thread.
 */
public final class HostileServer implements AutoCloseable {
  public static final int CONTROL_TO_SERVER = DescriptorPage.CLIENT_RING_CONTROL_OFFSET;
  public static final int CONTROL_TO_CLIENT = DescriptorPage.SERVER_RING_CONTROL_OFFSET;
  public static final int STATE = DescriptorPage.STATE_OFFSET;
  public static final int ACCEPTED = DescriptorPage.STATE_ACCEPTED;
  public static final int REFUSED = DescriptorPage.STATE_REFUSED;
  public static final int PARKED = DescriptorPage.STATE_PARKED;
  public static final int CLIENT_CLOSED = DescriptorPage.CLIENT_CLOSED_OFFSET;

  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String PROCESS = "fedcba9876543210";
  private static final long PATIENCE_SECONDS = Long.getLong("xenshm.contract.timeoutSeconds", 20);

  private final Xen xen;
  private final int listenerPort;
  private final EventChannels channels;
  private SharedPages descriptorPage;
  private int port;

  /**
   * Announces a listener.
   *
   * @param record what its node says, {@code 1 stream xen} where it is honest
   */
  public HostileServer(Xen xen, int listenerPort, String record) throws IOException {
    this.xen = xen;
    this.listenerPort = listenerPort;
    channels = xen.openEventChannels();
    announce(listenerPort, record);
  }

  /** Removes the directory of its listeners, as if its domain were gone. */
  public void vanish() {
    xen.xenStore().remove(StorePaths.listeners(xen.domainId())).join();
  }

  /** Writes a listener's record. */
  public void announce(int listenerPort, String record) {
    String all = StorePaths.listeners(xen.domainId());
    xen.xenStore()
        .transaction(
            transaction ->
                transaction
                    .makeDirectory(all)
                    .thenCompose(
                        made ->
                            transaction.setPermissions(all, Permission.list("r" + xen.domainId())))
                    .thenCompose(
                        set ->
                            transaction.write(
                                StorePaths.listener(
                                    xen.domainId(),
                                    new ListenerPort(LinkKind.STREAM, listenerPort),
                                    PROCESS),
                                record)))
        .join();
  }

  /** Waits for a client's offer, and maps its descriptor page. */
  public HostileServer awaitOffer(int client) throws Exception {
    CompletableFuture<Offer> offered = new CompletableFuture<>();
    XenStore.Watch watch =
        xen.xenStore()
            .watch(
                StorePaths.ALL_DOMAINS,
                path -> {
                  if (StorePaths.clientOfOffer(path, xen.domainId()) == client) {
                    read(path, offered);
                  }
                })
            .join();
    // what was offered before the watch
    String directory = StorePaths.offers(client, xen.domainId());
    xen.xenStore()
        .list(directory)
        .thenAccept(
            names -> {
              for (String name : names) {
                read(directory + '/' + name, offered);
              }
            });
    Offer offer = offered.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    watch.cancel().join();
    descriptorPage = xen.grants().map(client, offer.descriptorReference());
    port = channels.bindInterdomain(client, offer.eventChannelPort());
    return this;
  }

  /** Takes the offer in a node if it is for this listener. */
  private void read(String path, CompletableFuture<Offer> offered) {
    xen.xenStore()
        .read(path)
        .thenAccept(
            value -> {
              try {
                Offer offer = Offer.parse(value);
                if (offer.listenerPort() == listenerPort) {
                  offered.complete(offer);
                }
              } catch (MalformedOfferException e) {
                offered.completeExceptionally(e);
              }
            });
  }

  public MemorySegment descriptor() {
    return descriptorPage.memory();
  }

  public int get(long offset) {
    return descriptor().get(WORD, offset);
  }

  public void set(long offset, int value) {
    VarHandle.releaseFence();
    descriptor().set(WORD, offset, value);
  }

  /** Answers the offer with any state, and rings. */
  public void answer(int state) throws IOException {
    descriptor().set(ValueLayout.JAVA_BYTE, DescriptorPage.SERVER_LIVE_OFFSET, (byte) 1);
    set(STATE, state);
    ring();
  }

  /** Takes back that this side lives, as its kernel would, and rings. */
  public void pretendDeath() throws IOException {
    descriptor().set(ValueLayout.JAVA_BYTE, DescriptorPage.SERVER_LIVE_OFFSET, (byte) 0);
    ring();
  }

  /** Waits until a word is no longer what it was; returns what it is. */
  public int awaitChange(long offset, int from) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    int value;
    while ((value = get(offset)) == from) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the word at " + offset + " is still " + from);
      }
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(50));
      VarHandle.acquireFence();
    }
    return value;
  }

  /** Waits until the client has closed the connection, and pretends to keep its memory. */
  public void park() throws IOException {
    awaitChange(CLIENT_CLOSED, 0);
    answer(PARKED);
  }

  public void setRefusalReason(int code) {
    set(DescriptorPage.REASON_OFFSET, code);
  }

  public void ring() throws IOException {
    channels.notify(port);
  }

  @Override
  public void close() {
    if (descriptorPage != null) {
      descriptorPage.close();
    }
    channels.close();
  }
}
