package io.xenshm.bench.attack;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore.Permission;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** Attacks a listener of another domain. Used by one thread. */
final class Attacker implements AutoCloseable {
  private static final String PROCESS = "0123456789abcdef";
  private static final int NODES = 8;
  private static final int WRITES_AT_A_TIME = 16;
  private static final int NOT_GRANTED = 30_000;

  private final Xen xen;
  private final int server;
  private final int listenerPort;
  private final EventChannels channels;
  private final String directory;
  private final String listenerProcess;
  private int serial;

  Attacker(Xen xen, int server, int listenerPort) throws XenException {
    this.xen = xen;
    this.server = server;
    this.listenerPort = listenerPort;
    channels = xen.openEventChannels();
    directory = "/local/domain/" + xen.domainId() + "/data/xenshm/to/" + server;
    listenerProcess =
        xen.xenStore()
            .list("/local/domain/" + server + "/data/xenshm/listen/" + listenerPort)
            .join()
            .get(0);
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
  }

  /** Attacks until it is told to stop; returns how many offers or rings there were. */
  long run(Attack attack, BooleanSupplier stopped) throws IOException {
    return switch (attack) {
      case OFFERS -> offers(stopped);
      case CONNECTS -> connections(stopped, false);
      case GARBAGE -> connections(stopped, true);
      case DOORBELLS -> doorbells(stopped);
    };
  }

  private long offers(BooleanSupplier stopped) {
    String text = RawPeer.offer(listenerPort, listenerProcess, NOT_GRANTED, 1);
    long count = 0;
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    while (!stopped.getAsBoolean()) {
      for (int i = 0; i < WRITES_AT_A_TIME; i++) {
        writes.add(write(text));
      }
      writes.forEach(CompletableFuture::join);
      count += writes.size();
      writes.clear();
    }
    return count;
  }

  private CompletableFuture<Void> write(String text) {
    return xen.xenStore()
        .write(directory + '/' + PROCESS + '-' + Integer.toHexString(serial++ % NODES), text);
  }

  private long connections(BooleanSupplier stopped, boolean garbage) throws IOException {
    long count = 0;
    while (!stopped.getAsBoolean()) {
      try (RawPeer peer = new RawPeer(xen, channels, server)) {
        write(peer.offer(listenerPort, listenerProcess)).join();
        if (peer.awaitAnswer() == RawPeer.ACCEPTED && garbage) {
          peer.publish(Integer.MIN_VALUE);
          peer.awaitClose();
        }
        count++;
      }
    }
    return count;
  }

  private long doorbells(BooleanSupplier stopped) throws IOException {
    long count = 0;
    try (RawPeer peer = new RawPeer(xen, channels, server)) {
      write(peer.offer(listenerPort, listenerProcess)).join();
      if (peer.awaitAnswer() != RawPeer.ACCEPTED) {
        throw new IOException("the listener did not accept the attacker");
      }
      while (!stopped.getAsBoolean()) {
        peer.ring();
        count++;
      }
    }
    return count;
  }

  @Override
  public void close() {
    channels.close();
  }
}
