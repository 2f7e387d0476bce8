package io.xenshm.sim;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.sim.HypercallHandler.MalformedRequestException;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * The host's thread: serves the processes' connections, looks through the deferred lists and runs
 * what others submit. The hypervisor's state belongs to this thread.
 */
final class HypercallServer implements AutoCloseable {
  private static final InternalLogger LOGGER =
      InternalLoggerFactory.getInstance(HypercallServer.class);

  /** A process that asks without end does not keep others waiting for long. */
  private static final int MAX_LOOKS = 16;

  private final Hypervisor hypervisor;
  private final HypercallHandler handler;
  private final long passNanos;
  private final Selector selector;
  private final Thread thread = new Thread(this::run, "xenshm-sim-host");
  private final Queue<FutureTask<?>> tasks = new ConcurrentLinkedQueue<>();
  private final Map<Integer, ServerSocketChannel> listeners = new HashMap<>();
  private final Map<GuestProcess, HypercallConnection> connections = new LinkedHashMap<>();
  private long nextPass = System.nanoTime();
  private volatile boolean stopping;

  HypercallServer(Hypervisor hypervisor, int deferredPassMillis, HypercallHandler.Toolbox toolbox)
      throws IOException {
    this.hypervisor = hypervisor;
    this.handler = new HypercallHandler(hypervisor, toolbox);
    this.passNanos = TimeUnit.MILLISECONDS.toNanos(deferredPassMillis);
    this.selector = Selector.open();
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Serves a domain's processes. For the host's thread. */
  void listen(int domainId, Path socket) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(socket));
      listener.configureBlocking(false);
      listener.register(selector, SelectionKey.OP_ACCEPT, domainId);
    } catch (IOException e) {
      listener.close();
      throw e;
    }
    listeners.put(domainId, listener);
  }

  /** Ends a domain and cuts its processes off. For the host's thread. */
  void destroyDomain(int domainId, Path socket) throws IOException {
    for (GuestProcess process : hypervisor.destroyDomain(domainId)) {
      connections.remove(process).close();
    }
    listeners.remove(domainId).close();
    Files.deleteIfExists(socket);
  }

  /** Suspends a domain and resumes it as another one. For the host's thread. */
  void resumeDomain(int domainId, Path socket, int newDomainId, Path newSocket) throws IOException {
    hypervisor.resumeDomain(domainId, newDomainId);
    listeners.remove(domainId).close();
    Files.deleteIfExists(socket);
    listen(newDomainId, newSocket);
  }

  /**
   * Runs something on the host's thread and waits for it.
   *
   * @throws IOException if the task does, or the host is closed
   */
  <T> T call(Callable<T> task) throws IOException {
    FutureTask<T> future = new FutureTask<>(task);
    tasks.add(future);
    selector.wakeup();
    if (stopping) {
      future.cancel(false);
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (CancellationException e) {
      throw new XenException("the simulated host is closed", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    try {
      while (!stopping) {
        select();
        pass();
      }
    } catch (IOException | RuntimeException e) {
      LOGGER.error("the simulated host fails", e);
    } finally {
      closeAll();
    }
  }

  /**
   * Carries out what was asked for. Requests that are not answered come first, those of all
   * processes: who asks for something may know that another process gave something back before.
   */
  private void pass() throws IOException {
    List<FutureTask<?>> due = new ArrayList<>();
    for (FutureTask<?> task = tasks.poll(); task != null; task = tasks.poll()) {
      due.add(task);
    }
    Set<SelectionKey> ready = new LinkedHashSet<>();
    int looks = 0;
    do {
      selector.selectedKeys().forEach(key -> read(key, ready));
      selector.selectedKeys().clear();
    } while (selector.selectNow() > 0 && ++looks < MAX_LOOKS);
    ready.forEach(key -> serve(key, connection -> connection.handleUnanswered()));
    ready.forEach(key -> serve(key, connection -> connection.handle(key)));
    due.forEach(FutureTask::run);
  }

  /** Waits for something to do, no longer than until the next look at the deferred lists. */
  private void select() throws IOException {
    if (!tasks.isEmpty()) {
      selector.selectNow(); // the look in the pass before may have taken their wake-up
      return;
    }
    if (!hypervisor.grantTables.hasDeferred()) {
      selector.select();
      nextPass = System.nanoTime() + passNanos;
      return;
    }
    long wait = nextPass - System.nanoTime();
    if (wait > 0) {
      selector.select(TimeUnit.NANOSECONDS.toMillis(wait) + 1);
    } else {
      selector.selectNow();
      hypervisor.grantTables.deferredPass();
      nextPass = System.nanoTime() + passNanos;
    }
  }

  private void read(SelectionKey key, Set<SelectionKey> ready) {
    if (!key.isValid()) {
      return;
    }
    if (key.attachment() instanceof Integer domainId) {
      accept((ServerSocketChannel) key.channel(), domainId);
      return;
    }
    ready.add(key);
    if (key.isReadable()) {
      serve(key, HypercallConnection::read);
    }
  }

  private interface Step {
    void take(HypercallConnection connection) throws IOException, MalformedRequestException;
  }

  private void serve(SelectionKey key, Step step) {
    if (!key.isValid()) {
      return; // it ended in a step before
    }
    HypercallConnection connection = (HypercallConnection) key.attachment();
    try {
      step.take(connection);
    } catch (MalformedRequestException e) {
      LOGGER.warn(
          "a process of domain {} is cut off: {}", connection.process.domain.id, e.getMessage());
      end(connection);
    } catch (IOException e) {
      LOGGER.debug("a process of domain {} ended", connection.process.domain.id, e);
      end(connection);
    }
  }

  private void accept(ServerSocketChannel listener, int domainId) {
    try {
      SocketChannel channel = listener.accept();
      if (channel == null) {
        return;
      }
      channel.configureBlocking(false);
      GuestProcess process = hypervisor.startProcess(domainId);
      HypercallConnection connection = new HypercallConnection(channel, process, handler);
      channel.register(selector, SelectionKey.OP_READ, connection);
      connections.put(process, connection);
    } catch (IOException e) {
      LOGGER.warn("a process of domain {} is not served", domainId, e);
    }
  }

  private void end(HypercallConnection connection) {
    connections.remove(connection.process);
    hypervisor.endProcess(connection.process);
    close(connection);
  }

  private static void close(HypercallConnection connection) {
    try {
      connection.close();
    } catch (IOException e) {
      LOGGER.debug("closing a process's connection", e);
    }
  }

  private void closeAll() {
    stopping = true;
    tasks.forEach(task -> task.cancel(false));
    connections.values().forEach(HypercallServer::close);
    try {
      for (ServerSocketChannel listener : listeners.values()) {
        listener.close();
      }
      selector.close();
    } catch (IOException e) {
      LOGGER.warn("closing the simulated host", e);
    }
  }

  /** Drops all connections and waits for the thread to end. */
  @Override
  public void close() {
    stopping = true;
    selector.wakeup();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
