package io.xenshm.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xenstore.XenStoreClient;
import io.xenshm.xenstore.XenStoreEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The client against Xen's own OCaml daemon, which runs without Xen as a server on a socket; every
 * client is dom0 there. Where it cannot be started, the reason is printed and nothing is tested.
 */
@Timeout(120)
class OxenstoredTest {
  private static final long WAIT_SECONDS = 60;

  @TempDir private static Path directory;
  private static Process daemon;

  private XenStoreClient client;
  private XenStoreClient other;

  @BeforeAll
  static void startDaemon() throws Exception {
    Path log = directory.resolve("log");
    Path script = Path.of(System.getProperty("basedir", "."), "xen/oxenstored");
    daemon =
        new ProcessBuilder(script.toString(), directory.resolve("socket").toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    while (!accepts()) {
      if (daemon.waitFor(100, TimeUnit.MILLISECONDS)) {
        String reason = Files.readString(log, StandardCharsets.UTF_8).strip();
        System.out.println("not tested against oxenstored: " + reason);
        abort(reason);
      }
    }
  }

  private static boolean accepts() {
    try {
      connect().close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static XenStoreClient connect() throws IOException {
    return XenStoreClient.connect(XenStoreEndpoint.unixSocket(directory.resolve("socket")));
  }

  @AfterAll
  static void stopDaemon() throws InterruptedException {
    daemon.destroy();
    daemon.waitFor();
  }

  @BeforeEach
  void open() throws IOException {
    client = connect();
    other = connect();
  }

  @AfterEach
  void close() throws Exception {
    try {
      get(client.remove("/test"));
    } catch (ExecutionException e) {
      assertEquals(Code.ENOENT, code(e));
    }
    client.close();
    other.close();
  }

  @Test
  void readsWhatItWrote() throws Exception {
    byte[] value = {0, 1, -1, '/', 0};
    get(client.write("/test/a/b", value));
    assertArrayEquals(value, get(client.read("/test/a/b")));
    assertEquals(List.of("b"), get(client.list("/test/a")));
    get(client.makeDirectory("/test/d"));
    assertEquals(0, get(client.read("/test/d")).length);
    get(client.remove("/test/a"));
    assertFails(Code.ENOENT, client.read("/test/a/b"));
    assertFails(Code.ENOENT, client.remove("/test/a/b/c"));
    assertEquals("/local/domain/3", get(client.domainPath(3)));
  }

  @Test
  void permissionsAreKeptAndInherited() throws Exception {
    List<Permission> permissions = Permission.list("n4", "r5", "w6");
    get(client.write("/test/p", ""));
    get(client.setPermissions("/test/p", permissions));
    assertEquals(permissions, get(client.permissions("/test/p")));
    get(client.write("/test/p/child", ""));
    assertEquals(permissions, get(client.permissions("/test/p/child")));
  }

  @Test
  void listsMoreThanAFrameHolds() throws Exception {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      String name = "a-rather-long-name-of-a-node-" + i;
      names.add(name);
      get(client.write("/test/many/" + name, ""));
    }
    assertEquals(names, new HashSet<>(get(client.list("/test/many"))));
  }

  @Test
  void manyRequestsAtATimeAreAllAnswered() throws Exception {
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      writes.add(client.write("/test/n" + i % 50, Integer.toString(i)));
    }
    for (CompletableFuture<Void> write : writes) {
      get(write);
    }
    assertEquals("499", get(client.readString("/test/n49")));
  }

  @Test
  void aWatchFiresOnceAtRegistrationAndThenForChangesOfOthers() throws Exception {
    BlockingQueue<String> changes = new LinkedBlockingQueue<>();
    Watch watch = get(client.watch("/test/w", changes::add));
    assertEquals("/test/w", changes.poll(WAIT_SECONDS, TimeUnit.SECONDS));
    get(other.write("/test/w/below", "1"));
    assertEquals("/test/w/below", changes.poll(WAIT_SECONDS, TimeUnit.SECONDS));
    get(watch.cancel());
    get(other.write("/test/w/below", "2"));
    get(client.read("/test/w/below"));
    assertTrue(changes.isEmpty(), changes.toString());
  }

  @Test
  void aTransactionIsSeenWholeOrNotAtAll() throws Exception {
    get(
        client.transaction(
            t -> t.write("/test/t/a", "1").thenCompose(done -> t.write("/test/t/b", "2"))));
    assertEquals("1", get(other.readString("/test/t/a")));
    CompletableFuture<Void> failed =
        client.transaction(
            t ->
                t.write("/test/t/c", "4")
                    .thenCompose(done -> CompletableFuture.failedFuture(new IOException("no"))));
    assertThrows(ExecutionException.class, () -> get(failed));
    assertFails(Code.ENOENT, other.read("/test/t/c"));
  }

  @Test
  void aTransactionThatConflictsRunsAgain() throws Exception {
    get(client.write("/test/count", "0"));
    AtomicInteger runs = new AtomicInteger();
    get(
        client.transaction(
            t ->
                t.readString("/test/count")
                    .thenCompose(
                        seen ->
                            runs.incrementAndGet() > 1
                                ? t.write("/test/count", seen + "1")
                                // Another connection is in between, at the first run.
                                : other
                                    .write("/test/count", "7")
                                    .thenCompose(done -> t.write("/test/count", seen + "1")))));
    assertEquals("71", get(client.readString("/test/count")));
    assertEquals(2, runs.get());
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
  }

  private static Code code(ExecutionException e) {
    return assertInstanceOf(XenStoreException.class, e.getCause()).code();
  }

  private static void assertFails(Code code, CompletableFuture<?> future) {
    assertEquals(code, code(assertThrows(ExecutionException.class, () -> get(future))));
  }
}
