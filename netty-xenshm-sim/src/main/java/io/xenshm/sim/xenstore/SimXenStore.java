package io.xenshm.sim.xenstore;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

/**
 * The XenStore daemon of a simulated host. Serves one Unix socket per domain, {@code
 * DIR/xenstore/<domain>.sock}: the socket that a client connected to is its identity.
 *
 * <p>All methods may be called from any thread but the daemon's own. They wait until the daemon's
 * single thread has done the work.
 */
public final class SimXenStore implements AutoCloseable {
  /** Nodes of a guest that its toolstack gives to it ({@code libxl__domain_make}). */
  private static final List<String> GUEST_OWNED =
      List.of("data", "attr", "drivers", "feature", "error");

  private final Path directory;
  private final StoreDaemon daemon;
  private final EventLoopGroup group;
  private final EventLoop loop;

  // Of the loop alone.
  private final Map<Integer, Channel> servers = new TreeMap<>();
  private final Map<StoreConnection, Channel> clients = new HashMap<>();
  private final Map<StoreConnection, Integer> suspended = new HashMap<>();

  private SimXenStore(Path directory, XenStoreFlavour flavour, IntPredicate dying) {
    this.directory = directory;
    daemon = new StoreDaemon(flavour, StoreQuotas.defaults(flavour), dying);
    group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("sim-xenstored", true), NioIoHandler.newFactory());
    loop = group.next();
  }

  /**
   * Starts a daemon with the default quotas and the nodes of dom0, and serves dom0's socket.
   *
   * @param directory the simulated host's directory
   * @throws IOException if a socket cannot be made
   */
  public static SimXenStore start(Path directory, XenStoreFlavour flavour) throws IOException {
    return start(directory, flavour, domainId -> false);
  }

  /**
   * As the other one.
   *
   * @param dying tells on any thread whether the hypervisor still knows a domain that was removed
   */
  public static SimXenStore start(Path directory, XenStoreFlavour flavour, IntPredicate dying)
      throws IOException {
    Files.createDirectories(socketPath(directory, 0).getParent());
    SimXenStore store = new SimXenStore(directory, flavour, dying);
    try {
      store.createNodes(0);
      store.serve(0);
    } catch (IOException e) {
      store.close();
      throw e;
    }
    return store;
  }

  /** Returns the path of a domain's socket below the simulated host's directory. */
  public static Path socketPath(Path directory, int domainId) {
    return directory.resolve("xenstore").resolve(domainId + ".sock");
  }

  /**
   * Introduces a domain: makes its nodes as {@link #createNodes} does, serves its socket, fires
   * {@code @introduceDomain}.
   *
   * @throws IOException if the socket cannot be made
   */
  public void addDomain(int domainId) throws IOException {
    createNodes(domainId);
    serve(domainId);
    onLoop(
        () -> {
          daemon.introduce(domainId);
          return null;
        });
  }

  /**
   * Makes {@code /local/domain/<id>} as Xen's toolstack does: dom0's, readable by the domain, with
   * {@code domid}, and with {@code data}, {@code attr}, {@code drivers}, {@code feature} and {@code
   * error}, which are the domain's own. To be called again after {@link #restart}.
   */
  public void createNodes(int domainId) throws XenStoreException {
    String path = "/local/domain/" + domainId;
    onLoop(
        () -> {
          daemon.created(domainId);
          return null;
        });
    if (domainId == 0) {
      write(path + "/domid", "0", "n0");
      write(path + "/name", "Domain-0", "n0");
      return;
    }
    write(path, "", "n0", "r" + domainId);
    write(path + "/domid", Integer.toString(domainId));
    for (String name : GUEST_OWNED) {
      write(path + "/" + name, "", "n" + domainId);
    }
  }

  /**
   * Destroys a domain: drops its connections, removes its socket, {@code /local/domain/<id>} and
   * what else it owned, fires {@code @releaseDomain}. Nodes of dom0's about it elsewhere are the
   * caller's to remove before.
   */
  public void removeDomain(int domainId) {
    onLoop(
        () -> {
          Channel server = servers.remove(domainId);
          if (server != null) {
            end(server);
          }
          drop(
              connectionsOf(domainId).stream()
                  .filter(connection -> !suspended.containsKey(connection))
                  .toList());
          removeAsDom0("/local/domain/" + domainId);
          daemon.release(domainId);
          return null;
        });
    deleteSocket(domainId);
  }

  /** Writes a node as dom0. New nodes above it belong to dom0. */
  public void write(String path, String value) throws XenStoreException {
    change(tree -> tree.write(0, path, value.getBytes(StandardCharsets.UTF_8)));
  }

  /** Writes a node as dom0 and sets its permissions, in wire form, owner first. */
  public void write(String path, String value, String... permissions) throws XenStoreException {
    write(path, value);
    change(tree -> tree.setPermissions(0, path, XenStore.Permission.list(permissions)));
  }

  /** Reads a node as dom0; null where there is none. */
  public String read(String path) {
    return onLoop(
        () -> {
          StoreNode node = daemon.tree().lookUp(path);
          return node == null ? null : new String(node.value(), StandardCharsets.UTF_8);
        });
  }

  /** Removes a node and all below it as dom0; has no effect where there is none. */
  public void remove(String path) {
    onLoop(
        () -> {
          removeAsDom0(path);
          return null;
        });
  }

  /**
   * Drops all connections and empties the tree, as a crash and a restart of the daemon would. The
   * domains stay known, their sockets stay; their nodes are the caller's to make again.
   */
  public void restart() {
    onLoop(
        () -> {
          drop(List.copyOf(clients.keySet()));
          daemon.clear();
          return null;
        });
  }

  /**
   * Suspends a domain: its requests wait. Nothing else changes until its toolstack removes the
   * domain, which spares these connections.
   */
  public void suspend(int domainId) {
    onLoop(
        () -> {
          for (StoreConnection connection : connectionsOf(domainId)) {
            suspended.put(connection, domainId);
            handler(connection).setSuspended(true);
          }
          return null;
        });
  }

  /**
   * Resumes a domain under another number, which was added meanwhile: its connections are the new
   * domain's, and each of their watches fires once.
   */
  public void resume(int domainId, int newDomainId) {
    onLoop(
        () -> {
          for (StoreConnection connection : connectionsOf(domainId)) {
            if (suspended.remove(connection, domainId)) {
              connection.resumed(newDomainId);
              handler(connection).setSuspended(false);
              List.copyOf(connection.watches())
                  .forEach(watch -> StoreWatches.fire(connection, watch, watch.path()));
            }
          }
          return null;
        });
  }

  /**
   * Has guests write no more than 200 times a second in the long run, as {@code xenstored} does; by
   * default they may, so that programs of many connections are not tests of XenStore.
   */
  public void limitWrites() {
    onLoop(
        () -> {
          daemon.limitWrites();
          return null;
        });
  }

  private SimXenStoreHandler handler(StoreConnection connection) {
    return clients.get(connection).pipeline().get(SimXenStoreHandler.class);
  }

  /** Returns how many nodes a domain owns. */
  public int nodes(int domainId) {
    return onLoop(() -> daemon.tree().owned(domainId));
  }

  /** Returns the paths of the nodes that a domain owns. */
  public List<String> paths(int domainId) {
    return onLoop(
        () -> {
          List<String> paths = new ArrayList<>();
          addPaths(domainId, "", daemon.tree().lookUp("/"), paths);
          return paths;
        });
  }

  private static void addPaths(int domainId, String path, StoreNode node, List<String> paths) {
    if (node.owner() == domainId) {
      paths.add(path.isEmpty() ? "/" : path);
    }
    node.childNames()
        .forEach(name -> addPaths(domainId, path + '/' + name, node.child(name), paths));
  }

  /** Returns how many watches all of a domain's connections have. */
  public int watches(int domainId) {
    return onLoop(() -> daemon.watches(domainId));
  }

  /** Returns how many transactions all of a domain's connections have open. */
  public int transactions(int domainId) {
    return onLoop(() -> daemon.transactions(domainId));
  }

  /** Returns how many connections a domain has. */
  public int connections(int domainId) {
    return onLoop(() -> connectionsOf(domainId).size());
  }

  /** Drops all connections and removes the sockets. */
  @Override
  public void close() {
    List<Integer> served =
        onLoop(
            () -> {
              List<Integer> domains = new ArrayList<>(servers.keySet());
              servers.values().forEach(SimXenStore::end);
              servers.clear();
              drop(List.copyOf(clients.keySet()));
              return domains;
            });
    served.forEach(this::deleteSocket);
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private void serve(int domainId) throws IOException {
    Path path = socketPath(directory, domainId);
    Files.deleteIfExists(path);
    try {
      Channel server =
          new ServerBootstrap()
              .group(group)
              .channel(NioServerDomainSocketChannel.class)
              .childHandler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      accepted(channel, domainId);
                    }
                  })
              .bind(UnixDomainSocketAddress.of(path))
              .syncUninterruptibly()
              .channel();
      onLoop(() -> servers.put(domainId, server));
    } catch (RuntimeException e) {
      throw new IOException("cannot serve XenStore at " + path + ": " + e.getMessage(), e);
    }
  }

  private void accepted(Channel channel, int domainId) {
    SimXenStoreHandler handler = new SimXenStoreHandler(daemon, domainId);
    channel.pipeline().addLast(new XenStoreFrameDecoder(), new XenStoreFrameEncoder(), handler);
    clients.put(handler.connection(), channel);
    channel
        .closeFuture()
        .addListener(
            closed -> {
              clients.remove(handler.connection());
              suspended.remove(handler.connection());
            });
  }

  private List<StoreConnection> connectionsOf(int domainId) {
    return clients.keySet().stream()
        .filter(connection -> connection.domainId() == domainId)
        .toList();
  }

  private void drop(List<StoreConnection> connections) {
    for (StoreConnection connection : connections) {
      daemon.disconnected(connection); // now: what follows is not to be told to it any more
      end(clients.get(connection));
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // on its own loop a channel is closed at once
  private static void end(Channel channel) {
    channel.close();
  }

  private void removeAsDom0(String path) throws XenStoreException {
    if (daemon.tree().lookUp(path) != null) {
      daemon.apply(tree -> tree.remove(0, path));
    }
  }

  private void deleteSocket(int domainId) {
    try {
      Files.deleteIfExists(socketPath(directory, domainId));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void change(StoreTransaction.Operation operation) throws XenStoreException {
    try {
      onLoop(
          () -> {
            daemon.apply(operation);
            return null;
          });
    } catch (FailedOnLoopException e) {
      if (e.getCause() instanceof XenStoreException refused) {
        throw refused;
      }
      throw e;
    }
  }

  private <T> T onLoop(Callable<T> work) {
    Future<T> done = loop.submit(work);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return done.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw new FailedOnLoopException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static final class FailedOnLoopException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FailedOnLoopException(Throwable cause) {
      super(cause);
    }
  }
}
