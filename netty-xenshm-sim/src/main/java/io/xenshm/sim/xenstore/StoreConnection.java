package io.xenshm.sim.xenstore;

import io.xenshm.xenstore.XenStoreFrame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What the daemon keeps of one connection: it ends with it. */
final class StoreConnection {
  private int domainId;
  private final Consumer<XenStoreFrame> output;
  private final List<StoreWatch> watches = new ArrayList<>();
  private final Map<Integer, StoreTransaction> transactions = new HashMap<>();
  private int lastTransactionId;

  /**
   * Creates the state of a new connection.
   *
   * @param domainId who is at the other end
   * @param output takes replies and events
   */
  StoreConnection(int domainId, Consumer<XenStoreFrame> output) {
    this.domainId = domainId;
    this.output = output;
  }

  int domainId() {
    return domainId;
  }

  /**
   * The domain was resumed with another number: its kernel registers its watches anew, and has let
   * its transactions end before.
   */
  void resumed(int newDomainId) {
    domainId = newDomainId;
    transactions.clear();
    watches.replaceAll(watch -> watch.of(newDomainId));
  }

  void send(XenStoreFrame frame) {
    output.accept(frame);
  }

  List<StoreWatch> watches() {
    return watches;
  }

  Map<Integer, StoreTransaction> transactions() {
    return transactions;
  }

  int nextTransactionId() {
    return ++lastTransactionId;
  }
}
