package io.xenshm.xen.contract;

import static io.xenshm.xen.contract.XenStoreScenarios.alone;
import static io.xenshm.xen.contract.XenStoreScenarios.pair;
import static io.xenshm.xen.contract.XenStoreSide.mine;

import io.xenshm.xen.XenStore.Watch;
import io.xenshm.xen.XenStoreException;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.contract.XenStoreSide.Events;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** What {@link io.xenshm.xen.XenStore} promises about transactions, and what its limits do. */
final class XenStoreTransactionScenarios {
  private static final int INCREMENTS = 15;

  /** More than a guest's quota of anything but nodes, in both daemons. */
  private static final int TOO_MANY_WATCHES = 140;

  private static final int MANY_TRANSACTIONS = 16;
  private static final int GROUPS = 25;
  private static final int TOO_MANY_NODES = 1050;

  private XenStoreTransactionScenarios() {}

  static List<ContractScenario> all() {
    return List.of(
        pair(
            "a transaction is seen as a whole",
            XenStoreTransactionScenarios::writePair,
            XenStoreTransactionScenarios::readPair),
        alone("a failed transaction leaves nothing", XenStoreTransactionScenarios::abort),
        alone(
            "a transaction that read what changed runs again",
            XenStoreTransactionScenarios::conflict),
        pair(
            "transactions of two guests lose no update",
            XenStoreTransactionScenarios::shareCounter,
            XenStoreTransactionScenarios::joinCounting),
        alone("a value has a limit", XenStoreTransactionScenarios::valueLimit),
        alone("watches have a limit", XenStoreTransactionScenarios::watchLimit),
        alone(
            "more transactions at a time than a guest may have all come to their end",
            XenStoreTransactionScenarios::manyTransactions),
        alone("nodes have a limit", XenStoreTransactionScenarios::nodeLimit));
  }

  private static void writePair(XenStoreSide me) throws Exception {
    me.get(me.store().makeDirectory(mine("pair")));
    me.permit(mine("pair"), "n" + me.own(), "r" + me.peer());
    me.side().send("made", "pair");
    me.side().receive("watching");
    me.get(
        me.store()
            .transaction(
                tx ->
                    tx.write(mine("pair/a"), "1")
                        .thenCompose(ok -> tx.write(mine("pair/b"), "2"))
                        .thenCompose(ok -> tx.remove(mine("pair/none")))));
    me.side().receive("read");
  }

  private static void readPair(XenStoreSide me) throws Exception {
    me.side().receive("made");
    Events events = me.watch(me.peers("pair"));
    me.side().send("watching", "pair");
    events.await(me.peers("pair/a"));
    Check.equal("2", me.read(me.peers("pair/b")), "the other value at the first event");
    events.cancel();
    me.side().send("read", "pair");
  }

  private static void abort(XenStoreSide me) throws Exception {
    IllegalStateException reason = new IllegalStateException("changed my mind");
    CompletableFuture<Void> failed =
        me.store()
            .transaction(
                tx ->
                    tx.write(mine("x"), "1")
                        .thenCompose(ok -> tx.readString(mine("x")))
                        .thenCompose(seen -> CompletableFuture.failedFuture(reason)));
    try {
      me.get(failed);
      throw new AssertionError("the transaction did not fail");
    } catch (ExecutionException e) {
      Check.equal(reason, e.getCause(), "the reason");
    }
    me.refused("a node of the failed transaction", me.store().read(mine("x")), Code.ENOENT);
  }

  private static void conflict(XenStoreSide me) throws Exception {
    me.write(mine("x"), "1");
    int[] runs = {0};
    me.get(
        me.store()
            .transaction(
                tx ->
                    tx.readString(mine("x"))
                        .thenCompose(
                            value ->
                                ++runs[0] == 1
                                    ? me.store().write(mine("x"), "2").thenApply(ok -> value)
                                    : CompletableFuture.completedFuture(value))
                        .thenCompose(value -> tx.write(mine("copy"), value))));
    Check.equal(2, runs[0], "runs");
    Check.equal("2", me.read(mine("copy")), "the copy");
  }

  private static void shareCounter(XenStoreSide me) throws Exception {
    me.write(mine("counter"), "0");
    me.permit(mine("counter"), "n" + me.own(), "b" + me.peer());
    me.side().meet("counting");
    count(me, mine("counter"));
    me.side().meet("counted");
    Check.equal(Integer.toString(2 * INCREMENTS), me.read(mine("counter")), "the sum");
  }

  private static void joinCounting(XenStoreSide me) throws Exception {
    me.side().meet("counting");
    count(me, me.peers("counter"));
    me.side().meet("counted");
  }

  private static void count(XenStoreSide me, String counter) throws Exception {
    for (int i = 0; i < INCREMENTS; i++) {
      me.get(
          me.store()
              .transaction(
                  tx ->
                      tx.readString(counter)
                          .thenCompose(
                              n -> tx.write(counter, Integer.toString(Integer.parseInt(n) + 1)))));
    }
  }

  private static void valueLimit(XenStoreSide me) throws Exception {
    me.get(me.store().write(mine("x"), new byte[1900]));
    me.refused("3000 bytes", me.store().write(mine("x"), new byte[3000]), Code.ENOSPC, Code.E2BIG);
    me.refused("more than a frame", me.store().write(mine("x"), new byte[5000]), Code.E2BIG);
    Check.equal(1900, me.get(me.store().read(mine("x"))).length, "length of the value");
  }

  private static void watchLimit(XenStoreSide me) throws Exception {
    List<Watch> watches = new ArrayList<>();
    Code limit = null;
    while (limit == null && watches.size() < TOO_MANY_WATCHES) {
      try {
        watches.add(me.get(me.store().watch(mine("x" + watches.size()), path -> {})));
      } catch (XenStoreException e) {
        limit = e.code();
      }
    }
    // Linux makes EINVAL of oxenstored's EQUOTA.
    Check.that(
        limit == Code.E2BIG || limit == Code.EQUOTA || limit == Code.EINVAL || limit == Code.ENOSPC,
        "refused after " + watches.size() + " watches: " + limit);
    for (Watch watch : watches) {
      me.get(watch.cancel());
    }
    me.watch(mine("x")).cancel();
  }

  private static void manyTransactions(XenStoreSide me) throws Exception {
    CompletableFuture<Void> end = new CompletableFuture<>();
    List<CompletableFuture<Void>> transactions = new ArrayList<>();
    for (int i = 0; i < MANY_TRANSACTIONS; i++) {
      String path = mine("many/" + i);
      transactions.add(me.store().transaction(tx -> tx.write(path, "v").thenCompose(ok -> end)));
    }
    me.get(me.store().list("data")); // answered after all of them that were sent
    end.complete(null);
    for (CompletableFuture<Void> transaction : transactions) {
      me.get(transaction);
    }
    Check.equal(MANY_TRANSACTIONS, me.get(me.store().list(mine("many"))).size(), "nodes written");
  }

  private static void nodeLimit(XenStoreSide me) throws Exception {
    Code limit = null;
    int nodes = 0;
    while (limit == null && nodes < TOO_MANY_NODES) {
      try {
        // In groups: the C daemon counts the names of children as part of a node's size.
        me.write(mine(nodes % GROUPS + "/" + nodes), "");
        nodes++;
      } catch (XenStoreException e) {
        limit = e.code();
      }
    }
    Check.that(
        limit == Code.ENOSPC || limit == Code.EQUOTA,
        "refused after " + nodes + " nodes: " + limit);
    Check.that(nodes > 800, "refused after " + nodes + " nodes");
    me.write(mine("0/0"), "what is there can be written");
    me.removeDirectory();
    me.write(mine("x"), "1");
  }
}
