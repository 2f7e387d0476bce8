package io.xenshm.sim.xenstore;

import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xenstore.XenStorePaths;
import java.util.List;

/** All connections' watches. */
final class StoreWatches {
  private final XenStoreFlavour flavour;
  private final StoreQuotas quotas;
  private final List<StoreConnection> connections;

  StoreWatches(XenStoreFlavour flavour, StoreQuotas quotas, List<StoreConnection> connections) {
    this.flavour = flavour;
    this.quotas = quotas;
    this.connections = connections;
  }

  StoreWatch add(StoreConnection connection, StoreRequest request) throws XenStoreException {
    StoreWatch watch = parse(request);
    if (connection.watches().stream().anyMatch(other -> same(other, watch))) {
      throw new XenStoreException(Code.EEXIST, watch.path());
    }
    int domainId = connection.domainId();
    if (domainId != 0 && count(domainId) >= quotas.watches()) {
      throw new XenStoreException(flavour.watchQuotaError(), "too many watches");
    }
    connection.watches().add(watch);
    return watch;
  }

  void remove(StoreConnection connection, StoreRequest request) throws XenStoreException {
    StoreWatch watch = parse(request);
    if (!connection.watches().removeIf(other -> same(other, watch))) {
      throw new XenStoreException(Code.ENOENT, watch.path());
    }
  }

  int count(int domainId) {
    return connections.stream()
        .filter(connection -> connection.domainId() == domainId)
        .mapToInt(connection -> connection.watches().size())
        .sum();
  }

  /** Tells the watches that are concerned and whose domain may see the change. */
  void fire(List<StoreChange> changes) {
    for (StoreChange change : changes) {
      for (StoreConnection connection : connections) {
        if (change.isVisibleTo(connection.domainId())) {
          connection.watches().stream()
              .filter(watch -> change.concerns(watch.path()))
              .forEach(watch -> fire(connection, watch, change.path()));
        }
      }
    }
  }

  /** Tells dom0's watches: a guest may register a special one, and hears nothing. */
  void fireSpecial(String event) {
    for (StoreConnection connection : connections) {
      if (connection.domainId() == 0) {
        connection.watches().stream()
            .filter(watch -> watch.path().equals(event))
            .forEach(watch -> fire(connection, watch, event));
      }
    }
  }

  static void fire(StoreConnection connection, StoreWatch watch, String path) {
    connection.send(StoreDaemon.event(watch.reported(path), watch.token()));
  }

  private static StoreWatch parse(StoreRequest request) throws XenStoreException {
    List<String> arguments = request.strings(2);
    String path = arguments.get(0);
    if (XenStorePaths.isSpecial(path)) {
      try {
        return new StoreWatch(XenStorePaths.requireValidWatch(path), arguments.get(1), 0);
      } catch (IllegalArgumentException e) {
        throw StoreRequest.invalid(e.getMessage());
      }
    }
    String absolute = request.absolute(path);
    return new StoreWatch(absolute, arguments.get(1), absolute.length() - path.length());
  }

  private static boolean same(StoreWatch one, StoreWatch other) {
    return one.path().equals(other.path()) && one.token().equals(other.token());
  }
}
