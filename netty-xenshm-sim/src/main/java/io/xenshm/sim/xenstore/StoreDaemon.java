package io.xenshm.sim.xenstore;

import static io.xenshm.xenstore.XenStoreProtocol.DIRECTORY;
import static io.xenshm.xenstore.XenStoreProtocol.DIRECTORY_PART;
import static io.xenshm.xenstore.XenStoreProtocol.ERROR;
import static io.xenshm.xenstore.XenStoreProtocol.GET_DOMAIN_PATH;
import static io.xenshm.xenstore.XenStoreProtocol.GET_PERMS;
import static io.xenshm.xenstore.XenStoreProtocol.IS_DOMAIN_INTRODUCED;
import static io.xenshm.xenstore.XenStoreProtocol.MKDIR;
import static io.xenshm.xenstore.XenStoreProtocol.NO_TRANSACTION;
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

import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xenstore.XenStoreFrame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * The daemon without its sockets: answers requests, keeps watches and transactions, tells watches.
 * For one thread.
 */
final class StoreDaemon {
  private static final byte[] OK = bytes("OK\0");

  private final XenStoreFlavour flavour;
  private final StoreQuotas quotas;
  private final StoreWatches watches;
  private final List<StoreConnection> connections = new ArrayList<>();
  private final Set<Integer> domains = new TreeSet<>();
  private final Set<Integer> created = new TreeSet<>(Set.of(0));
  private final IntPredicate dying;
  private StoreTree tree;
  private WriteRate writeRate;

  /**
   * Creates a daemon that knows no domain.
   *
   * @param dying tells whether the hypervisor still knows a domain that is gone
   */
  StoreDaemon(XenStoreFlavour flavour, StoreQuotas quotas, IntPredicate dying) {
    this.flavour = flavour;
    this.quotas = quotas;
    this.dying = dying;
    this.watches = new StoreWatches(flavour, quotas, connections);
    clear();
  }

  private boolean exists(int domainId) {
    return created.contains(domainId) || dying.test(domainId);
  }

  StoreTree tree() {
    return tree;
  }

  List<StoreConnection> connections() {
    return connections;
  }

  void connected(StoreConnection connection) {
    connections.add(connection);
  }

  void disconnected(StoreConnection connection) {
    connections.remove(connection);
  }

  /** Empties the tree. Connections are to be dropped by the caller. */
  final void clear() {
    tree = new StoreTree(flavour, quotas, this::exists);
  }

  /** There is a domain with this number; its toolstack is about to make its nodes. */
  void created(int domainId) {
    created.add(domainId);
  }

  void introduce(int domainId) {
    domains.add(domainId);
    watches.fireSpecial("@introduceDomain");
  }

  void release(int domainId) {
    domains.remove(domainId);
    created.remove(domainId);
    if (writeRate != null) {
      writeRate.forget(domainId);
    }
    tree.forget(domainId);
    watches.fireSpecial("@releaseDomain");
  }

  int transactions(int domainId) {
    return connections.stream()
        .filter(connection -> connection.domainId() == domainId)
        .mapToInt(connection -> connection.transactions().size())
        .sum();
  }

  int watches(int domainId) {
    return watches.count(domainId);
  }

  /** Does something outside of transactions, and tells the watches. */
  void apply(StoreTransaction.Operation operation) throws XenStoreException {
    try {
      operation.applyTo(tree);
    } finally {
      watches.fire(tree.takeChanges());
    }
  }

  /** Has guests write no more often than they may. */
  void limitWrites() {
    writeRate = new WriteRate();
  }

  /** Answers one request; returns for how many nanoseconds the domain's next ones wait. */
  long handle(StoreConnection connection, XenStoreFrame request) {
    try {
      answer(connection, request);
    } catch (XenStoreException e) {
      reply(connection, request, ERROR, bytes(e.code() + "\0"));
    }
    return writeRate != null && connection.domainId() != 0 && isWrite(request)
        ? writeRate.wrote(connection.domainId(), System.nanoTime())
        : 0;
  }

  /** A transaction counts with its end. */
  private static boolean isWrite(XenStoreFrame request) {
    return switch (request.type()) {
      case WRITE, MKDIR, RM, SET_PERMS -> request.transactionId() == NO_TRANSACTION;
      case TRANSACTION_END -> true;
      default -> false;
    };
  }

  private void answer(StoreConnection connection, XenStoreFrame frame) throws XenStoreException {
    int domainId = connection.domainId();
    StoreRequest request = new StoreRequest(domainId, frame);
    switch (frame.type()) {
      case READ -> reply(connection, frame, readable(connection, frame, request).value());
      case DIRECTORY -> {
        byte[] names = namesOf(readable(connection, frame, request));
        reply(connection, frame, names);
      }
      case DIRECTORY_PART -> reply(connection, frame, part(connection, frame, request));
      case GET_PERMS -> {
        String permissions =
            readable(connection, frame, request).shownPermissions().stream()
                .map(Permission::toString)
                .collect(Collectors.joining("\0"));
        reply(connection, frame, bytes(permissions + "\0"));
      }
      case WRITE -> {
        String path = request.firstPath();
        byte[] value = request.rest();
        change(connection, frame, changed -> changed.write(domainId, path, value));
      }
      case MKDIR -> {
        String path = request.onlyPath();
        change(connection, frame, changed -> changed.makeDirectory(domainId, path));
      }
      case RM -> {
        String path = request.onlyPath();
        change(connection, frame, changed -> changed.remove(domainId, path));
      }
      case SET_PERMS -> {
        String path = request.firstPath();
        List<Permission> permissions = request.permissions();
        change(connection, frame, changed -> changed.setPermissions(domainId, path, permissions));
      }
      case WATCH -> {
        StoreWatch watch = watches.add(connection, request);
        reply(connection, frame, OK);
        StoreWatches.fire(connection, watch, watch.path());
      }
      case UNWATCH -> {
        watches.remove(connection, request);
        reply(connection, frame, OK);
      }
      case RESET_WATCHES -> {
        connection.watches().clear();
        connection.transactions().clear();
        reply(connection, frame, OK);
      }
      case TRANSACTION_START -> start(connection, frame);
      case TRANSACTION_END -> end(connection, frame, request.only());
      case GET_DOMAIN_PATH ->
          reply(
              connection,
              frame,
              bytes("/local/domain/" + Integer.toUnsignedString(request.onlyNumber()) + "\0"));
      case IS_DOMAIN_INTRODUCED -> {
        if (domainId != 0) {
          throw new XenStoreException(Code.EACCES, "for dom0 only");
        }
        reply(connection, frame, bytes(domains.contains(request.onlyNumber()) ? "T\0" : "F\0"));
      }
      default -> throw new XenStoreException(Code.ENOSYS, "unknown request " + frame);
    }
  }

  private StoreNode readable(StoreConnection connection, XenStoreFrame frame, StoreRequest request)
      throws XenStoreException {
    return readTree(connection, frame).readable(connection.domainId(), request.onlyPath());
  }

  private byte[] part(StoreConnection connection, XenStoreFrame frame, StoreRequest request)
      throws XenStoreException {
    if (!flavour.hasDirectoryPart()) {
      throw new XenStoreException(Code.ENOSYS, "unknown request " + frame);
    }
    List<String> arguments = request.strings(2);
    StoreNode node =
        readTree(connection, frame)
            .readable(connection.domainId(), request.absolute(arguments.get(0)));
    int offset = StoreRequest.number(arguments.get(1));
    return DirectoryPart.of(node, namesOf(node), offset);
  }

  private StoreTree readTree(StoreConnection connection, XenStoreFrame frame)
      throws XenStoreException {
    return frame.transactionId() == NO_TRANSACTION ? tree : transaction(connection, frame).tree();
  }

  private StoreTransaction transaction(StoreConnection connection, XenStoreFrame frame)
      throws XenStoreException {
    StoreTransaction transaction = connection.transactions().get(frame.transactionId());
    if (transaction == null) {
      throw new XenStoreException(flavour.unknownTransactionError(), "no such transaction");
    }
    return transaction;
  }

  private void change(
      StoreConnection connection, XenStoreFrame frame, StoreTransaction.Operation operation)
      throws XenStoreException {
    if (frame.transactionId() == NO_TRANSACTION) {
      apply(operation);
    } else {
      transaction(connection, frame).apply(operation);
    }
    reply(connection, frame, OK);
  }

  private void start(StoreConnection connection, XenStoreFrame frame) throws XenStoreException {
    if (frame.transactionId() != NO_TRANSACTION) {
      throw new XenStoreException(Code.EBUSY, "a transaction in a transaction");
    }
    int domainId = connection.domainId();
    if (domainId != 0 && transactions(domainId) >= quotas.transactions()) {
      throw new XenStoreException(flavour.quotaError(), "too many transactions");
    }
    int id = connection.nextTransactionId();
    connection.transactions().put(id, new StoreTransaction(tree, quotas.accesses()));
    reply(connection, frame, bytes(Integer.toUnsignedString(id) + "\0"));
  }

  private void end(StoreConnection connection, XenStoreFrame frame, String verdict)
      throws XenStoreException {
    if (!verdict.equals("T") && !verdict.equals("F")) {
      throw StoreRequest.invalid(verdict);
    }
    StoreTransaction transaction = transaction(connection, frame);
    connection.transactions().remove(frame.transactionId());
    if (verdict.equals("T")) {
      tree = transaction.commit(tree, connection.domainId());
      watches.fire(tree.takeChanges());
    }
    reply(connection, frame, OK);
  }

  private static byte[] namesOf(StoreNode node) {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    node.childNames().forEach(name -> names.writeBytes(bytes(name + "\0")));
    return names.toByteArray();
  }

  private void reply(StoreConnection connection, XenStoreFrame request, byte[] payload) {
    if (payload.length > flavour.maxReply(connection.domainId())) {
      reply(connection, request, ERROR, bytes(Code.E2BIG + "\0"));
    } else {
      reply(connection, request, request.type(), payload);
    }
  }

  private static void reply(
      StoreConnection connection, XenStoreFrame request, int type, byte[] payload) {
    connection.send(new XenStoreFrame(type, request.requestId(), request.transactionId(), payload));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  static XenStoreFrame event(String path, String token) {
    return new XenStoreFrame(
        WATCH_EVENT,
        0,
        NO_TRANSACTION,
        (path + "\0" + token + "\0").getBytes(StandardCharsets.ISO_8859_1));
  }
}
