package io.xenshm.xenstore;

import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStoreOperations;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A client of a XenStore daemon, over one connection with one thread.
 *
 * <p>At most 20 requests are on the wire at a time, as many as the daemons take from a guest, and
 * one on {@code /dev/xen/xenbus}, which mixes up more; the others wait. A request that got no
 * answer in time keeps its place until the answer comes or the connection ends. A lost connection
 * is opened again with back-off where the endpoint allows it; its transactions are lost, its
 * watches are registered again.
 *
 * <p>A few transactions are open at a time; the others wait for their turn, which a transaction
 * whose body never ends keeps for ever. One that the daemon refuses since other processes of the
 * guest have too many open is tried again for about a second.
 *
 * <p>A path that is none of XenStore's is refused with {@link IllegalArgumentException} before
 * anything is sent. On {@code /dev/xen/xenbus} the kernel keeps a writer of a watch waiting until
 * the daemon answered; the time-out of other requests begins to count only afterwards.
 */
public final class XenStoreClient implements XenStore {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

  private final XenStoreConnection connection;
  private final ClientWatches watches;
  private final ClientOperations operations;
  private final TransactionTurns turns = new TransactionTurns();

  private XenStoreClient(XenStoreConnection connection, ClientWatches watches) {
    this.connection = connection;
    this.watches = watches;
    this.operations =
        new ClientOperations(
            connection, XenStoreProtocol.NO_TRANSACTION, PendingRequest.ANY_CONNECTION);
  }

  /**
   * Connects, with a time-out of 5 seconds for each request.
   *
   * @throws XenException if there is no connection, with the path in the message
   */
  public static XenStoreClient connect(XenStoreEndpoint endpoint) throws XenException {
    return connect(endpoint, DEFAULT_TIMEOUT);
  }

  /**
   * Connects.
   *
   * @param timeout from a request's submission to its answer
   * @throws XenException if there is no connection, with the path in the message
   */
  public static XenStoreClient connect(XenStoreEndpoint endpoint, Duration timeout)
      throws XenException {
    ClientWatches watches = new ClientWatches();
    XenStoreConnection connection = new XenStoreConnection(endpoint, watches, timeout.toNanos());
    watches.setConnection(connection);
    connection.start();
    return new XenStoreClient(connection, watches);
  }

  @Override
  public CompletableFuture<byte[]> read(String path) {
    return operations.read(path);
  }

  @Override
  public CompletableFuture<Void> write(String path, byte[] value) {
    return operations.write(path, value);
  }

  @Override
  public CompletableFuture<Void> makeDirectory(String path) {
    return operations.makeDirectory(path);
  }

  @Override
  public CompletableFuture<Void> remove(String path) {
    return operations.remove(path);
  }

  @Override
  public CompletableFuture<List<String>> list(String path) {
    return operations.list(path);
  }

  @Override
  public CompletableFuture<List<Permission>> permissions(String path) {
    return operations.permissions(path);
  }

  @Override
  public CompletableFuture<Void> setPermissions(String path, List<Permission> permissions) {
    return operations.setPermissions(path, permissions);
  }

  @Override
  public <T> CompletableFuture<T> transaction(
      Function<XenStoreOperations, CompletableFuture<T>> body) {
    ClientTransaction<T> transaction = new ClientTransaction<>(connection, body);
    CompletableFuture<T> result = transaction.result();
    Futures.onComplete(result, (value, failure) -> turns.leave());
    turns.enter(transaction::attempt);
    return result.copy(); // whatever a caller does to it, the turn ends with the transaction
  }

  @Override
  public CompletableFuture<Watch> watch(String path, WatchListener listener) {
    return watches.add(path, listener);
  }

  @Override
  public CompletableFuture<String> domainPath(int domainId) {
    String domain = Integer.toString(domainId);
    PendingRequest request =
        new PendingRequest(
            XenStoreProtocol.GET_DOMAIN_PATH,
            XenStoreProtocol.NO_TRANSACTION,
            PendingRequest.ANY_CONNECTION,
            Payloads.of(domain),
            domain);
    connection.submit(request);
    return Futures.map(request.reply, Payloads::firstString);
  }

  @Override
  public boolean isConnected() {
    return connection.epoch() != 0;
  }

  @Override
  public int connection() {
    return connection.epoch();
  }

  @Override
  public void close() {
    connection.close();
  }

  @Override
  public String toString() {
    return "XenStore at " + connection.name();
  }
}
