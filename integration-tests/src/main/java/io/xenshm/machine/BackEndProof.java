package io.xenshm.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.posix.Posix;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.linux.LinuxXen;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The back end by itself, in two guests: {@code grant PEER} in one and {@code map PEER} in the
 * other. 64 pages, a ping-pong through them, the unmap notification after a close and after the
 * death of the process.
 */
final class BackEndProof {
  private static final int PAGES = 64;
  private static final int ROUNDS = 200;
  private static final long WAIT_SECONDS = 600;

  private static final int PING = 0;
  private static final int PONG = 128;
  private static final int LIVE = 256;
  private static final VarHandle INT = JAVA_INT.varHandle();

  private final Report report = new Report();
  private final Xen xen;
  private final EventChannels channels;
  private final int peer;

  private BackEndProof(Xen xen, int peer) throws XenException {
    this.xen = xen;
    this.channels = xen.openEventChannels();
    this.peer = peer;
  }

  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("arguments: grant|map PEER");
      System.exit(2);
    }
    try (Xen xen = LinuxXen.open()) {
      BackEndProof proof = new BackEndProof(xen, Integer.parseInt(args[1]));
      if (args[0].equals("grant")) {
        proof.grant("closed", true);
        proof.grant("killed", false);
        proof.report.exit();
      } else {
        proof.map("closed");
        proof.map("killed");
        System.out.println("the process ends without a clean-up now");
        System.out.flush();
        Runtime.getRuntime().halt(0);
      }
    }
  }

  private void grant(String name, boolean quotaToo) throws Exception {
    SharedPages pages = xen.grants().grant(peer, PAGES);
    MemorySegment memory = pages.memory();
    report.check(
        name + ": granted pages are zeroed",
        () -> Report.require(memory.mismatch(zeroes()) < 0, "a byte is not zero"));
    for (int i = 0; i < PAGES; i++) {
      memory.set(JAVA_INT, offset(i) + 1024, 0x5eed0000 + i);
    }
    memory.set(JAVA_BYTE, LIVE, (byte) 1);
    int port = channels.bindUnbound(peer);
    String references = Arrays.toString(pages.references()).replaceAll("[\\[\\] ]", "");
    String node = "data/proof/" + name;
    wait(
        xen.xenStore()
            .transaction(
                t ->
                    t.write(node, port + " " + references)
                        .thenCompose(
                            done ->
                                t.setPermissions(
                                    node,
                                    XenStore.Permission.list("n" + xen.domainId(), "r" + peer)))));
    report.check(
        name + ": ping-pong of " + ROUNDS + " rounds",
        () -> {
          for (int round = 1; round <= ROUNDS; round++) {
            INT.setRelease(memory, (long) PING, round);
            channels.notify(port);
            awaitValue(memory, PONG, round, port);
          }
        });
    report.check(
        name + ": the live byte is cleared and an event comes",
        () -> {
          awaitEvent(port);
          while (memory.get(JAVA_BYTE, LIVE) != 0) {
            awaitEvent(port);
          }
        });
    channels.unbind(port);
    pages.close();
    if (quotaToo) {
      report.check(
          "pages that the peer unmapped can be granted again at once",
          () -> {
            for (int i = 0; i < 40; i++) {
              xen.grants().grant(peer, PAGES).close();
            }
          });
    }
  }

  private void map(String name) throws Exception {
    String node = "/local/domain/" + peer + "/data/proof/" + name;
    String[] parts = awaitOffer(node).split(" ", -1);
    int[] references = Arrays.stream(parts[1].split(",", -1)).mapToInt(Integer::parseInt).toArray();
    SharedPages pages = xen.grants().map(peer, references);
    MemorySegment memory = pages.memory();
    report.check(
        name + ": the pages hold what the granter wrote",
        () -> {
          for (int i = 0; i < PAGES; i++) {
            int seen = memory.get(JAVA_INT, offset(i) + 1024);
            Report.require(seen == 0x5eed0000 + i, "page " + i + " holds " + seen);
          }
        });
    int port = channels.bindInterdomain(peer, Integer.parseInt(parts[0]));
    pages.notifyOnUnmap(LIVE, channels, port);
    report.check(
        name + ": ping-pong of " + ROUNDS + " rounds",
        () -> {
          for (int round = 1; round <= ROUNDS; round++) {
            awaitValue(memory, PING, round, port);
            INT.setRelease(memory, (long) PONG, round);
            channels.notify(port);
          }
        });
    if (name.equals("closed")) {
      pages.close();
      channels.unbind(port);
    }
  }

  /** Waits until the peer wrote its node and let this domain read it. */
  private String awaitOffer(String node) throws Exception {
    BlockingQueue<String> changes = new LinkedBlockingQueue<>();
    XenStore.Watch watch = wait(xen.xenStore().watch(node, changes::add));
    while (true) {
      Report.require(changes.poll(WAIT_SECONDS, TimeUnit.SECONDS) != null, "no " + node);
      try {
        String offer = wait(xen.xenStore().readString(node));
        wait(watch.cancel());
        return offer;
      } catch (ExecutionException e) {
        report.note(node + " is not there yet: " + e.getMessage());
      }
    }
  }

  private void awaitValue(MemorySegment memory, long offset, int value, int port)
      throws XenException, java.io.IOException {
    while ((int) INT.getAcquire(memory, offset) != value) {
      awaitEvent(port);
    }
  }

  /** Waits for an event, takes it and unmasks its port. */
  private void awaitEvent(int port) throws java.io.IOException {
    int[] ports = new int[16];
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    List<Integer> seen = new ArrayList<>();
    while (!seen.contains(port)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no event on port " + port + " in " + WAIT_SECONDS + " s");
      }
      Posix.poll(1000, channels.fileDescriptor());
      int count = channels.poll(ports);
      for (int i = 0; i < count; i++) {
        seen.add(ports[i]);
      }
      channels.unmask(ports, count);
    }
  }

  private static <T> T wait(CompletableFuture<T> future) throws Exception {
    return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
  }

  private static long offset(int page) {
    return (long) page * Xen.PAGE_SIZE;
  }

  private static MemorySegment zeroes() {
    return MemorySegment.ofArray(new byte[PAGES * Xen.PAGE_SIZE]);
  }
}
