package io.xenshm.xenstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.Await;
import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client against the simulated daemon. */
@Timeout(60)
final class XenStoreClientTest {
  @TempDir private Path directory;
  private SimXenStore daemon;
  private XenStoreClient one;
  private XenStoreClient two;

  @BeforeEach
  void start() throws Exception {
    daemon = SimXenStore.start(directory, XenStoreFlavour.C);
    daemon.addDomain(1);
    daemon.addDomain(2);
    one = connect(1);
    two = connect(2);
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    daemon.close();
  }

  private XenStoreClient connect(int domainId) throws XenException {
    return XenStoreClient.connect(
        XenStoreEndpoint.unixSocket(SimXenStore.socketPath(directory, domainId)));
  }

  @Test
  void readsWhatItWrote() throws Exception {
    byte[] value = {0, 1, -1, '/', 0};
    get(one.write("data/a/b", value));
    assertArrayEquals(value, get(one.read("/local/domain/1/data/a/b")));
    get(one.write("data/a/b", "text"));
    assertEquals("text", get(one.readString("data/a/b")));
    assertEquals(List.of("b"), get(one.list("data/a")));
    assertEquals("/local/domain/1", get(one.domainPath(1)));
    get(one.makeDirectory("data/d"));
    assertEquals(0, get(one.read("data/d")).length);
    get(one.remove("data/a"));
    assertFails(Code.ENOENT, one.read("data/a/b"));
    assertFails(Code.ENOENT, one.remove("data/a/b"));
  }

  @Test
  void anErrorNamesOperationAndPath() {
    XenStoreException e = assertFails(Code.ENOENT, one.read("data/none"));
    assertEquals("XenStore READ data/none: ENOENT", e.getMessage());
  }

  @Test
  void refusesBadPathsAndLargeValuesBeforeSending() {
    assertThrows(IllegalArgumentException.class, () -> one.read("data/"));
    assertThrows(IllegalArgumentException.class, () -> one.watch("a b", path -> {}));
    assertThrows(IllegalArgumentException.class, () -> one.setPermissions("data", List.of()));
    assertFails(Code.E2BIG, one.write("data/x", new byte[4096]));
  }

  @Test
  void listsMoreThanAFrameHolds() throws Exception {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 400; i++) {
      String name = "a-rather-long-name-of-a-node-" + i;
      names.add(name);
      daemon.write("/many/" + name, "");
    }
    XenStoreClient dom0 = connect(0);
    List<String> listed = get(dom0.list("/many"));
    assertEquals(400, listed.size());
    assertEquals(names, new HashSet<>(listed));
    dom0.close();
  }

  @Test
  void manyRequestsAtATimeAreAllAnswered() throws Exception {
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      writes.add(one.write("data/n" + i % 50, Integer.toString(i)));
    }
    for (CompletableFuture<Void> write : writes) {
      get(write);
    }
    assertEquals("1999", get(one.readString("data/n49")));
  }

  @Test
  void aWatchFiresOnceAtRegistrationAndThenForChanges() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    Watch watch = get(one.watch("data", seen::add));
    assertEquals("data", take(seen));
    get(one.write("data/x", "1"));
    assertEquals("data/x", take(seen));
    assertEquals(1, daemon.watches(1));
    get(watch.cancel());
    get(watch.cancel());
    assertEquals(0, daemon.watches(1));
    get(one.write("data/x", "2"));
    assertTrue(seen.isEmpty());
  }

  @Test
  void aFailingListenerDisturbsNobody() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    get(
        one.watch(
            "data",
            path -> {
              throw new IllegalStateException("listener");
            }));
    get(one.watch("data", seen::add));
    assertEquals("data", take(seen));
    get(one.write("data/x", "1"));
    assertEquals("data/x", take(seen));
  }

  @Test
  void aTransactionIsAllOrNothing() throws Exception {
    assertEquals(
        "done",
        get(
            one.transaction(
                tx ->
                    tx.write("data/t/a", "1")
                        .thenCompose(ok -> tx.write("data/t/b", "2"))
                        .thenCompose(ok -> one.list("data"))
                        .thenApply(outside -> outside.contains("t") ? "seen too early" : "done"))));
    assertEquals("2", get(one.readString("data/t/b")));
    ExecutionException e =
        assertThrows(
            ExecutionException.class,
            () ->
                get(
                    one.transaction(
                        tx ->
                            tx.write("data/u", "1")
                                .thenCompose(
                                    ok ->
                                        CompletableFuture.<Void>failedFuture(
                                            new IllegalStateException("no"))))));
    assertTrue(e.getCause() instanceof IllegalStateException);
    assertFails(Code.ENOENT, one.read("data/u"));
    assertEquals(0, daemon.transactions(1));
  }

  @Test
  void aConflictingTransactionRunsAgain() throws Exception {
    get(one.write("data/counter", "0"));
    AtomicInteger runs = new AtomicInteger();
    get(
        one.transaction(
            tx ->
                tx.readString("data/counter")
                    .thenCompose(
                        value ->
                            runs.incrementAndGet() > 3
                                ? CompletableFuture.completedFuture(value)
                                : one.write("data/counter", "9" + value).thenApply(ok -> value))
                    .thenCompose(value -> tx.write("data/counter", value + "!"))));
    assertEquals(4, runs.get());
    assertEquals("9990!", get(one.readString("data/counter")));
  }

  @Test
  void aTransactionThatAlwaysConflictsFailsInTheEnd() throws Exception {
    get(one.write("data/counter", "0"));
    AtomicInteger runs = new AtomicInteger();
    assertFails(
        Code.EAGAIN,
        one.transaction(
            tx ->
                tx.readString("data/counter")
                    .thenCompose(
                        v -> one.write("data/counter", Integer.toString(runs.incrementAndGet())))
                    .thenCompose(ok -> tx.write("data/other", "x"))));
    assertEquals(50, runs.get());
    assertEquals(0, daemon.transactions(1));
  }

  @Test
  void moreTransactionsThanTheDaemonAllowsWaitForTheirTurn() throws Exception {
    CompletableFuture<Void> mayEnd = new CompletableFuture<>();
    List<CompletableFuture<Void>> transactions = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String path = "data/t" + i;
      transactions.add(one.transaction(tx -> tx.write(path, "v").thenCompose(ok -> mayEnd)));
    }
    get(one.list("/local/domain/1")); // answered after all that was sent
    assertEquals(TransactionTurns.AT_A_TIME, daemon.transactions(1));
    assertTrue(transactions.getFirst().cancel(false));
    assertTrue(transactions.getLast().cancel(false));
    mayEnd.complete(null);
    for (CompletableFuture<Void> transaction : transactions.subList(1, 29)) {
      get(transaction);
    }
    get(one.transaction(tx -> tx.write("data/last", "v")));
    // those whose results nobody wants any more end too, and may have met a conflict on the way
    Await.until("31 nodes", () -> get(one.list("data")).size() == 31);
    assertEquals(0, daemon.transactions(1));
  }

  @Test
  void aTransactionWaitsForOtherProcessesThatHaveTooManyOpen() throws Exception {
    CompletableFuture<Void> mayEnd = new CompletableFuture<>();
    List<XenStoreClient> others = new ArrayList<>();
    List<CompletableFuture<Void>> held = new ArrayList<>();
    try {
      while (held.size() < 10) {
        XenStoreClient other = connect(1);
        others.add(other);
        for (int i = 0; i < TransactionTurns.AT_A_TIME && held.size() < 10; i++) {
          held.add(
              other.transaction(
                  tx -> tx.list("data").handle((a, b) -> a).thenCompose(ok -> mayEnd)));
        }
        get(other.list("/local/domain/1"));
      }
      assertEquals(10, daemon.transactions(1));
      assertFails(Code.ENOSPC, one.transaction(tx -> tx.write("data/x", "1")));
      CompletableFuture<Void> waiting = one.transaction(tx -> tx.write("data/x", "1"));
      get(one.list("/local/domain/1"));
      assertFalse(waiting.isDone());
      mayEnd.complete(null);
      for (CompletableFuture<Void> transaction : held) {
        get(transaction);
      }
      get(waiting);
      assertEquals("1", get(one.readString("data/x")));
    } finally {
      others.forEach(XenStoreClient::close);
    }
  }

  @Test
  void transactionsThatWaitFailTogetherWithTheConnection() throws Exception {
    CompletableFuture<Void> never = new CompletableFuture<>();
    List<CompletableFuture<Void>> transactions = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      transactions.add(one.transaction(tx -> never));
    }
    one.close();
    never.complete(null);
    for (CompletableFuture<Void> transaction : transactions) {
      assertFails(Code.DISCONNECTED, transaction);
    }
  }

  @Test
  void permissionsBetweenTwoDomains() throws Exception {
    get(one.write("data/secret", "s"));
    assertFails(Code.EACCES, two.read("/local/domain/1/data/secret"));
    assertFails(Code.EACCES, two.write("/local/domain/1/data/secret", "x"));
    get(one.setPermissions("data/secret", Permission.list("n1", "r2")));
    assertEquals(Permission.list("n1", "r2"), get(two.permissions("/local/domain/1/data/secret")));
    assertEquals("s", get(two.readString("/local/domain/1/data/secret")));
    assertFails(Code.EACCES, two.write("/local/domain/1/data/secret", "x"));
    assertFails(
        Code.EACCES, two.setPermissions("/local/domain/1/data/secret", Permission.list("n2")));
  }

  @Test
  void closingFailsWhatIsUnderWayAndWhatComesLater() throws Exception {
    CompletableFuture<byte[]> late = new CompletableFuture<>();
    one.close();
    one.read("data").whenComplete((v, e) -> late.completeExceptionally(e)).exceptionally(e -> null);
    XenStoreException e = assertFails(Code.DISCONNECTED, late);
    assertTrue(e.getMessage().contains("1.sock: closed"), e.getMessage());
    assertFalse(one.isConnected());
    one.close();
  }

  @Test
  void connectsAgainAndRegistersWatchesAgain() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    get(one.watch("data", seen::add));
    Watch cancelled = get(one.watch("data/x", path -> {}));
    assertEquals("data", take(seen));
    get(cancelled.cancel());
    daemon.restart();
    daemon.createNodes(1);
    while (!take(seen).equals("data")) {
      // a change that was on its way before the daemon went
    }
    assertTrue(one.isConnected());
    get(one.write("data/y", "1"));
    while (!take(seen).equals("data/y")) {
      // data's own creation, if the watch came before it
    }
    assertEquals(1, daemon.watches(1));
  }

  @Test
  void aTransactionDoesNotOutliveItsConnection() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    get(one.watch("data", seen::add));
    assertEquals("data", take(seen));
    CompletableFuture<Void> paused = new CompletableFuture<>();
    CompletableFuture<Void> entered = new CompletableFuture<>();
    CompletableFuture<Void> transaction =
        one.transaction(
            tx -> {
              entered.complete(null);
              return paused.thenCompose(ok -> tx.write("data/x", "1"));
            });
    entered.orTimeout(30, TimeUnit.SECONDS).join();
    daemon.restart();
    assertEquals("data", take(seen)); // registered again
    paused.complete(null);
    assertFails(Code.DISCONNECTED, transaction);
  }

  @Test
  void cannotConnectWithoutADaemon() {
    XenException e =
        assertThrows(
            XenException.class,
            () ->
                XenStoreClient.connect(
                    XenStoreEndpoint.unixSocket(directory.resolve("none.sock"))));
    assertTrue(e.getMessage().contains("none.sock: No such file"), e.getMessage());
  }

  @Test
  void theLimitOfWatchesIsTheDomains() throws Exception {
    XenStoreClient other = connect(1);
    for (int i = 0; i < 64; i++) {
      get(one.watch("data/" + i, path -> {}));
      get(other.watch("data/" + i, path -> {}));
    }
    assertFails(Code.E2BIG, one.watch("data/x", path -> {}));
    other.close();
    CompletableFuture<Void> again = new CompletableFuture<>();
    while (!again.isDone()) { // the daemon hears of the end in its own time
      get(
          one.watch("data/x", path -> {})
              .handle((watch, failure) -> failure == null && again.complete(null)));
    }
    assertEquals(65, daemon.watches(1));
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  private static String take(BlockingQueue<String> queue) throws InterruptedException {
    String value = queue.poll(30, TimeUnit.SECONDS);
    assertTrue(value != null, "nothing came");
    return value;
  }

  private static XenStoreException assertFails(Code code, CompletableFuture<?> future) {
    ExecutionException e = assertThrows(ExecutionException.class, () -> get(future));
    XenStoreException failure = (XenStoreException) e.getCause();
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }
}
