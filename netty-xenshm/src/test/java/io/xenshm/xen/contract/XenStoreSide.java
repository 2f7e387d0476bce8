package io.xenshm.xen.contract;

import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.WatchListener;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One role's view of XenStore. Everything that it makes is below one node of its own. */
final class XenStoreSide {
  /** The node below which a role works, relative to its domain. */
  static final String DIRECTORY = "data/contract";

  private static final long TIMEOUT_SECONDS = 60;

  private final Side side;
  private final XenStore store;

  XenStoreSide(Side side) {
    this.side = side;
    this.store = side.xen().xenStore();
  }

  Side side() {
    return side;
  }

  XenStore store() {
    return store;
  }

  int own() {
    return side.ownDomain();
  }

  int peer() {
    return side.peerDomain();
  }

  /** Returns a node's path below this role's directory, relative to its domain. */
  static String mine(String name) {
    return DIRECTORY + "/" + name;
  }

  /** Returns the absolute path of the same node in this role's domain. */
  String mineAbsolute(String name) {
    return absolute(own(), name);
  }

  /** Returns the absolute path of the same node in the other role's domain. */
  String peers(String name) {
    return absolute(peer(), name);
  }

  private static String absolute(int domain, String name) {
    return "/local/domain/" + domain + "/" + DIRECTORY + "/" + name;
  }

  void removeDirectory() throws Exception {
    get(store.remove(DIRECTORY));
  }

  void write(String path, String value) throws Exception {
    get(store.write(path, value));
  }

  String read(String path) throws Exception {
    return get(store.readString(path));
  }

  void permit(String path, String... permissions) throws Exception {
    get(store.setPermissions(path, XenStore.Permission.list(permissions)));
  }

  <T> T get(CompletableFuture<T> future) throws Exception {
    try {
      return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof XenStoreException refused) {
        throw refused;
      }
      throw e;
    }
  }

  /** Fails unless the future fails with one of the codes, which is returned. */
  Code refused(String what, CompletableFuture<?> future, Code... codes) throws Exception {
    try {
      get(future);
    } catch (XenStoreException e) {
      Check.that(Set.of(codes).contains(e.code()), what + ", but: " + e.getMessage());
      return e.code();
    }
    throw new AssertionError("was not refused: " + what);
  }

  /** Registers a watch and waits for the event of the registration. */
  Events watch(String path) throws Exception {
    Events events = new Events();
    events.watch = get(store.watch(path, events));
    events.await(path);
    return events;
  }

  /** What a watch told. */
  final class Events implements WatchListener {
    private final BlockingQueue<String> arriving = new LinkedBlockingQueue<>();
    private final List<String> seen = new ArrayList<>();
    private XenStore.Watch watch;

    @Override
    public void changed(String path) {
      arriving.add(path);
    }

    /** Waits for a path, forgets it and all that came before. */
    void await(String path) throws Exception {
      side.await("watch event " + path, () -> seen().contains(path));
      seen.subList(0, seen.indexOf(path) + 1).clear();
    }

    /** Returns what came and was not waited for. */
    List<String> seen() {
      arriving.drainTo(seen);
      return seen;
    }

    void cancel() throws Exception {
      get(watch.cancel());
    }
  }
}
