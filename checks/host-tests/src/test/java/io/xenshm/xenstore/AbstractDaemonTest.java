package io.xenshm.xenstore;

import static io.xenshm.xenstore.XenStoreProtocol.ERROR;
import static io.xenshm.xenstore.XenStoreProtocol.GET_DOMAIN_PATH;
import static io.xenshm.xenstore.XenStoreProtocol.GET_PERMS;
import static io.xenshm.xenstore.XenStoreProtocol.IS_DOMAIN_INTRODUCED;
import static io.xenshm.xenstore.XenStoreProtocol.MKDIR;
import static io.xenshm.xenstore.XenStoreProtocol.READ;
import static io.xenshm.xenstore.XenStoreProtocol.RESET_WATCHES;
import static io.xenshm.xenstore.XenStoreProtocol.RM;
import static io.xenshm.xenstore.XenStoreProtocol.SET_PERMS;
import static io.xenshm.xenstore.XenStoreProtocol.TRANSACTION_END;
import static io.xenshm.xenstore.XenStoreProtocol.TRANSACTION_START;
import static io.xenshm.xenstore.XenStoreProtocol.UNWATCH;
import static io.xenshm.xenstore.XenStoreProtocol.WATCH;
import static io.xenshm.xenstore.XenStoreProtocol.WATCH_EVENT;
import static io.xenshm.xenstore.XenStoreProtocol.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client as dom0 against a daemon, real or simulated: all of them must do the same. */
@Timeout(120)
abstract class AbstractDaemonTest {
  private XenStoreClient client;

  /** Where the daemon of this class is. */
  abstract XenStoreEndpoint endpoint();

  /** The error for a transaction that is not open, in which the daemons differ. */
  abstract String unknownTransaction();

  @BeforeEach
  void connect() throws Exception {
    client = XenStoreClient.connect(endpoint());
    get(client.remove("/test").handle((ok, failure) -> null));
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
  }

  @Test
  void readsWhatItWrote() throws Exception {
    byte[] value = {0, 1, -1, '/', 0};
    get(client.write("/test/a/b", value));
    assertArrayEquals(value, get(client.read("/test/a/b")));
    get(client.makeDirectory("/test/c"));
    assertEquals(Set.of("a", "c"), Set.copyOf(get(client.list("/test"))));
    assertEquals(List.of(), get(client.list("/test/c")));
    get(client.remove("/test/a"));
    assertFails(Code.ENOENT, client.read("/test/a/b"));
    get(client.remove("/test/a"));
    assertFails(Code.ENOENT, client.remove("/test/a/b"));
    assertEquals("/local/domain/7", get(client.domainPath(7)));
  }

  @Test
  void listsMoreNamesThanFitIntoAFrame() throws Exception {
    Set<String> names =
        IntStream.range(0, 200)
            .mapToObj(i -> "a-child-with-a-name-of-its-own-" + i)
            .collect(Collectors.toSet());
    CompletableFuture<?>[] written =
        names.stream()
            .map(name -> client.write("/test/many/" + name, ""))
            .toArray(CompletableFuture<?>[]::new);
    get(CompletableFuture.allOf(written));
    assertEquals(names, Set.copyOf(get(client.list("/test/many"))));
    assertEquals(names, Set.copyOf(get(client.transaction(tx -> tx.list("/test/many")))));
  }

  @Test
  void permissionsAreInherited() throws Exception {
    List<Permission> permissions = Permission.list("n0", "r4", "w5");
    get(client.makeDirectory("/test/p"));
    get(client.setPermissions("/test/p", permissions));
    get(client.write("/test/p/deep/child", ""));
    assertEquals(permissions, get(client.permissions("/test/p")));
    assertEquals(permissions, get(client.permissions("/test/p/deep/child")));
  }

  @Test
  void watchesFire() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    Watch watch = get(client.watch("/test/w", seen::add));
    assertEquals("/test/w", take(seen));
    get(client.write("/test/other", "1"));
    get(client.write("/test/w/x", "1"));
    assertEquals("/test/w/x", take(seen));
    get(client.setPermissions("/test/w/x", Permission.list("n0")));
    assertEquals("/test/w/x", take(seen));
    get(client.remove("/test"));
    assertEquals("/test/w", take(seen));
    get(watch.cancel());
    get(client.write("/test/w", "1"));
    get(client.read("/test/w"));
    assertTrue(seen.isEmpty());
  }

  @Test
  void specialAndRelativeWatchesFireAtRegistration() throws Exception {
    for (String path : List.of("@releaseDomain", "@introduceDomain", "no/such/node")) {
      BlockingQueue<String> seen = new LinkedBlockingQueue<>();
      get(client.watch(path, seen::add));
      assertEquals(path, take(seen));
    }
  }

  @Test
  void transactionsCommitAndConflict() throws Exception {
    get(client.write("/test/x", "0"));
    AtomicInteger runs = new AtomicInteger();
    get(
        client.transaction(
            tx ->
                tx.readString("/test/x")
                    .thenCompose(
                        value ->
                            runs.incrementAndGet() == 1
                                ? client.write("/test/x", "1").thenApply(ok -> value)
                                : CompletableFuture.completedFuture(value))
                    .thenCompose(value -> tx.write("/test/y", value))));
    assertEquals(2, runs.get());
    assertEquals("1", get(client.readString("/test/y")));
  }

  @Test
  void aFailedTransactionLeavesNothing() {
    CompletableFuture<Void> failed =
        client.transaction(
            tx ->
                tx.write("/test/x", "1")
                    .thenCompose(ok -> CompletableFuture.failedFuture(new IOException("no more"))));
    assertThrows(ExecutionException.class, () -> get(failed));
    assertFails(Code.ENOENT, client.read("/test/x"));
  }

  @Test
  void aTransactionsChangesAreToldAtItsCommit() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    get(client.watch("/test/t", seen::add));
    assertEquals("/test/t", take(seen));
    get(
        client.transaction(
            tx ->
                tx.write("/test/t/a", "1")
                    .thenCompose(ok -> tx.write("/test/t/b", "1"))
                    .thenCompose(ok -> client.list("/test").handle((list, failure) -> null))
                    .thenApply(ok -> seen.isEmpty())));
    assertEquals("/test/t/a", take(seen));
    assertEquals("/test/t/b", take(seen));
  }

  @Test
  void requestsThatAreWrongGetTheSameErrors() throws Exception {
    FrameStream raw =
        new FrameStream(endpoint().open(), endpoint().maxFrame(), endpoint().maxReplyPayload());
    try {
      assertEquals("ENOENT", ask(raw, 0, READ, "/test/none\0"));
      assertEquals("EINVAL", ask(raw, 0, READ, "/test/\0"));
      assertEquals("EINVAL", ask(raw, 0, READ, "/te st\0"));
      assertEquals("EINVAL", ask(raw, 0, READ, "/test\0/test\0"));
      assertEquals("EINVAL", ask(raw, 0, WRITE, "/test"));
      assertEquals("OK", ask(raw, 0, MKDIR, "/test/d\0"));
      assertEquals("OK", ask(raw, 0, MKDIR, "/test/d\0"));
      assertEquals("", ask(raw, 0, READ, "/test/d\0"));
      assertEquals("n0", ask(raw, 0, GET_PERMS, "/test/d\0"));
      assertEquals("EINVAL", ask(raw, 0, SET_PERMS, "/test/d\0x1\0"));
      assertEquals("ENOENT", ask(raw, 0, SET_PERMS, "/test/none\0n1\0"));
      assertEquals("ENOENT", ask(raw, 0, UNWATCH, "/test\0token\0"));
      assertEquals("OK", ask(raw, 0, WATCH, "/test\0token\0"));
      assertEquals("EEXIST", ask(raw, 0, WATCH, "/test\0token\0"));
      assertEquals(unknownTransaction(), ask(raw, 99, READ, "/test\0"));
      assertEquals(unknownTransaction(), ask(raw, 99, TRANSACTION_END, "T\0"));
      int transaction = Integer.parseInt(ask(raw, 0, TRANSACTION_START, "\0"));
      assertEquals("EBUSY", ask(raw, transaction, TRANSACTION_START, "\0"));
      assertEquals("EINVAL", ask(raw, transaction, TRANSACTION_END, "X\0"));
      assertEquals("OK", ask(raw, 0, RESET_WATCHES, "\0"));
      assertEquals("ENOENT", ask(raw, 0, UNWATCH, "/test\0token\0"));
      assertEquals("/local/domain/5", ask(raw, 0, GET_DOMAIN_PATH, "5\0"));
      assertEquals("F", ask(raw, 0, IS_DOMAIN_INTRODUCED, "77\0"));
      assertEquals("ENOENT", ask(raw, 0, RM, "/test/none/deeper\0"));
    } finally {
      raw.close();
    }
  }

  private static String ask(FrameStream stream, int transaction, int type, String payload)
      throws IOException {
    byte[] bytes = payload.getBytes(StandardCharsets.US_ASCII);
    stream.write(new XenStoreFrame(type, 77, transaction, bytes));
    while (true) {
      XenStoreFrame reply = stream.next();
      if (reply == null) {
        stream.fill();
      } else if (reply.type() != WATCH_EVENT) {
        assertTrue(reply.type() == type || reply.type() == ERROR, reply.toString());
        assertEquals(77, reply.requestId());
        return Payloads.firstString(reply.payload());
      }
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private static String take(BlockingQueue<String> queue) throws InterruptedException {
    String value = queue.poll(60, TimeUnit.SECONDS);
    assertTrue(value != null, "nothing came");
    return value;
  }

  private static void assertFails(Code code, CompletableFuture<?> future) {
    ExecutionException e = assertThrows(ExecutionException.class, () -> get(future));
    XenStoreException failure = (XenStoreException) e.getCause();
    assertEquals(code, failure.code(), failure.getMessage());
  }
}
