package io.xenshm.agent;

import io.xenshm.directory.StoreReads;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreOperations;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A host's XenStore as a test's dom0 sees and writes it. */
final class HostNodes {
  private final XenStore store;

  HostNodes(XenStore store) {
    this.store = store;
  }

  /** Writes a fixture's nodes in one transaction. */
  void load(String fixture) throws Exception {
    try (InputStream in = HostNodes.class.getResourceAsStream(fixture)) {
      List<String> lines =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.startsWith("#") && !line.isBlank())
              .toList();
      get(store.transaction(transaction -> writeAll(transaction, lines)));
    }
  }

  private static CompletableFuture<Void> writeAll(
      XenStoreOperations transaction, List<String> lines) {
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    for (String line : lines) {
      String[] halves = line.split(" = ", 2);
      done = done.thenCompose(ok -> transaction.write(halves[0], halves[1]));
    }
    return done;
  }

  void write(String path, String value) throws Exception {
    get(store.write(path, value));
  }

  /** Writes what xl writes for a guest with one card. */
  void addGuest(int id, String name, String ip, String bridge) throws Exception {
    String uuid = String.format("%08d-0000-4000-8000-%012d", id, id);
    String mac = String.format("00:16:3e:00:%02x:%02x", id >> 8, id & 0xFF);
    String backEnd = "/local/domain/0/backend/vif/" + id + "/0";
    List<String> lines =
        List.of(
            "/local/domain/" + id + "/vm = /vm/" + uuid,
            "/local/domain/" + id + "/name = " + name,
            "/libxl/" + id + "/device/vif/0/backend = " + backEnd,
            backEnd + "/mac = " + mac,
            backEnd + "/ip = " + ip,
            backEnd + "/bridge = " + bridge);
    get(store.transaction(transaction -> writeAll(transaction, lines)));
  }

  void removeGuest(int id) throws Exception {
    for (String path :
        List.of("/local/domain/0/backend/vif/" + id, "/libxl/" + id, "/local/domain/" + id)) {
      get(store.remove(path));
    }
  }

  /** Returns a guest's view: the nodes below its directory; null where there is none. */
  SortedMap<String, String> view(int id) throws Exception {
    String peers = "/local/domain/" + id + "/xenshm/peers";
    return get(store.transaction(transaction -> view(transaction, peers)));
  }

  private static CompletableFuture<SortedMap<String, String>> view(
      XenStoreOperations transaction, String peers) {
    SortedMap<String, String> view = new TreeMap<>();
    return transaction
        .list(peers)
        .thenCompose(
            networks -> {
              CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
              for (String network : networks) {
                done =
                    done.thenCompose(ok -> transaction.list(peers + '/' + network))
                        .thenCompose(names -> readInto(transaction, peers, network, names, view));
              }
              return done;
            })
        .thenApply(done -> view)
        .exceptionallyCompose(
            failure ->
                StoreReads.isMissing(failure)
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(failure));
  }

  private static CompletableFuture<Void> readInto(
      XenStoreOperations transaction,
      String peers,
      String network,
      List<String> names,
      SortedMap<String, String> view) {
    if (names.isEmpty()) {
      view.put(network, "");
    }
    CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
    for (String name : names) {
      String node = network + '/' + name;
      done =
          done.thenCompose(ok -> transaction.readString(peers + '/' + node))
              .thenAccept(value -> view.put(node, value));
    }
    return done;
  }

  List<Permission> permissions(String path) throws Exception {
    return get(store.permissions(path));
  }

  boolean exists(String path) throws Exception {
    return get(
        store
            .read(path)
            .thenApply(value -> true)
            .exceptionallyCompose(
                failure ->
                    StoreReads.isMissing(failure)
                        ? CompletableFuture.completedFuture(false)
                        : CompletableFuture.failedFuture(failure)));
  }

  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }
}
