package io.xenshm.sim.xenstore;

import static io.xenshm.xenstore.XenStoreProtocol.DIRECTORY;
import static io.xenshm.xenstore.XenStoreProtocol.DIRECTORY_PART;
import static io.xenshm.xenstore.XenStoreProtocol.ERROR;
import static io.xenshm.xenstore.XenStoreProtocol.GET_DOMAIN_PATH;
import static io.xenshm.xenstore.XenStoreProtocol.GET_PERMS;
import static io.xenshm.xenstore.XenStoreProtocol.IS_DOMAIN_INTRODUCED;
import static io.xenshm.xenstore.XenStoreProtocol.MKDIR;
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
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xenstore.XenStoreFrame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules of the tree, frame by frame, without sockets. */
final class StoreDaemonTest {
  private final Set<Integer> dying = new HashSet<>();
  private StoreDaemon daemon;
  private Client dom0;
  private Client one;
  private Client two;

  private void start(XenStoreFlavour flavour) {
    daemon = new StoreDaemon(flavour, StoreQuotas.defaults(flavour), dying::contains);
    dom0 = new Client(0);
    one = new Client(1);
    two = new Client(2);
    for (int id = 1; id <= 2; id++) {
      daemon.created(id);
      daemon.introduce(id);
      dom0.ok(WRITE, "/local/domain/" + id + "\0");
      dom0.ok(SET_PERMS, "/local/domain/" + id + "\0n0\0r" + id + "\0");
      dom0.ok(MKDIR, "/local/domain/" + id + "/data\0");
      dom0.ok(SET_PERMS, "/local/domain/" + id + "/data\0n" + id + "\0");
    }
  }

  @ParameterizedTest
  @EnumSource
  void relativePathsAreBelowTheDomainsOwn(XenStoreFlavour flavour) {
    start(flavour);
    one.ok(WRITE, "data/x\0v\0w");
    assertEquals("v\0w", one.ok(READ, "/local/domain/1/data/x\0"));
    assertEquals("x\0", one.ok(DIRECTORY, "data\0"));
    assertEquals("/local/domain/9\0", one.ok(GET_DOMAIN_PATH, "9\0"));
  }

  @Test
  void theCDaemonGivesANewNodeToItsCreator() {
    start(XenStoreFlavour.C);
    one.ok(SET_PERMS, "data\0n1\0b2\0");
    two.ok(WRITE, "/local/domain/1/data/guest/deep\0v");
    assertEquals("n2\0b2\0", two.ok(GET_PERMS, "/local/domain/1/data/guest\0"));
    assertEquals("n2\0b2\0", two.ok(GET_PERMS, "/local/domain/1/data/guest/deep\0"));
    one.fails("EACCES", READ, "data/guest\0");
    assertEquals(3, daemon.tree().owned(2)); // its data and the two
  }

  @Test
  void oxenstoredGivesANewNodeToTheParentsOwner() {
    start(XenStoreFlavour.OCAML);
    one.ok(SET_PERMS, "data\0n1\0b2\0");
    two.ok(WRITE, "/local/domain/1/data/guest/deep\0v");
    assertEquals("n1\0b2\0", one.ok(GET_PERMS, "data/guest/deep\0"));
    assertEquals(1, daemon.tree().owned(2));
    assertEquals(3, daemon.tree().owned(1));
  }

  @ParameterizedTest
  @EnumSource
  void dom0sNewNodesBelongToTheParentsOwner(XenStoreFlavour flavour) {
    start(flavour);
    dom0.ok(WRITE, "/local/domain/1/data/x\0v");
    assertEquals("n1\0", one.ok(GET_PERMS, "data/x\0"));
  }

  @ParameterizedTest
  @EnumSource
  void onlyTheNodeItselfIsCheckedForReading(XenStoreFlavour flavour) {
    start(flavour);
    one.ok(WRITE, "data/a/b\0v");
    two.fails("EACCES", READ, "/local/domain/1/data/a/b\0");
    one.ok(SET_PERMS, "data/a/b\0n1\0r2\0");
    assertEquals("v", two.ok(READ, "/local/domain/1/data/a/b\0"));
    two.fails("EACCES", DIRECTORY, "/local/domain/1/data/a\0");
    two.fails("EACCES", WRITE, "/local/domain/1/data/a/b\0w");
    two.fails("EACCES", RM, "/local/domain/1/data/a/b\0");
    one.ok(SET_PERMS, "data/a/b\0w1\0n2\0");
    two.fails("EACCES", WRITE, "/local/domain/1/data/a/b\0w");
    new Client(3).ok(WRITE, "/local/domain/1/data/a/b\0w");
  }

  @ParameterizedTest
  @EnumSource
  void aNewNodeNeedsWritePermissionOnTheNearestParent(XenStoreFlavour flavour) {
    start(flavour);
    one.fails("EACCES", WRITE, "x\0v");
    one.fails("EACCES", MKDIR, "/x/y/z\0");
    two.fails("EACCES", WRITE, "/local/domain/1/data/x/y\0v");
    one.ok(MKDIR, "data\0");
    one.fails("EACCES", MKDIR, "/local\0");
  }

  @ParameterizedTest
  @EnumSource
  void onlyTheOwnerChangesPermissions(XenStoreFlavour flavour) {
    start(flavour);
    one.ok(SET_PERMS, "data\0n1\0b2\0");
    two.fails("EACCES", SET_PERMS, "/local/domain/1/data\0n2\0");
    one.fails(flavour == XenStoreFlavour.C ? "EPERM" : "EACCES", SET_PERMS, "data\0n2\0");
    one.fails("EINVAL", SET_PERMS, "data\0");
    one.fails("EINVAL", SET_PERMS, "data\0x1\0");
    one.fails("ENOENT", SET_PERMS, "data/none\0n1\0");
    one.ok(SET_PERMS, "data\0n1\0r2\0r3\0r4\0r5\0");
    one.fails(quotaError(flavour), SET_PERMS, "data\0n1\0r2\0r3\0r4\0r5\0r6\0");
  }

  @Test
  void theCDaemonHidesMissingNodesThatOneCouldNotRead() {
    start(XenStoreFlavour.C);
    two.fails("EACCES", READ, "/local/domain/1/data/none\0");
    one.fails("ENOENT", READ, "data/none\0");
    start(XenStoreFlavour.OCAML);
    two.fails("ENOENT", READ, "/local/domain/1/data/none\0");
  }

  @ParameterizedTest
  @EnumSource
  void removesANodeWithAllBelowIt(XenStoreFlavour flavour) {
    start(flavour);
    int before = daemon.tree().owned(1);
    one.ok(WRITE, "data/a/b/c\0v");
    assertEquals(before + 3, daemon.tree().owned(1));
    one.ok(RM, "data/a\0");
    assertEquals(before, daemon.tree().owned(1));
    one.ok(RM, "data/a\0");
    one.fails("ENOENT", RM, "data/a/b\0");
    dom0.fails("EINVAL", RM, "/\0");
  }

  @ParameterizedTest
  @EnumSource
  void malformedRequestsAreInvalid(XenStoreFlavour flavour) {
    start(flavour);
    one.fails("EINVAL", READ, "data");
    one.fails("EINVAL", READ, "");
    one.fails("EINVAL", READ, "data\0data\0");
    one.fails("EINVAL", READ, "data/\0");
    one.fails("EINVAL", READ, "a b\0");
    one.fails("EINVAL", WRITE, "data");
    one.fails("EINVAL", WATCH, "data\0");
    one.fails("EINVAL", TRANSACTION_END, "X\0");
    one.fails(unknownTransaction(flavour), TRANSACTION_END, "T\0");
    one.fails("EINVAL", GET_DOMAIN_PATH, "one\0");
    one.fails("ENOSYS", 99, "\0");
    one.fails("EACCES", IS_DOMAIN_INTRODUCED, "1\0");
    assertEquals("T\0", dom0.ok(IS_DOMAIN_INTRODUCED, "1\0"));
    assertEquals("F\0", dom0.ok(IS_DOMAIN_INTRODUCED, "7\0"));
  }

  @ParameterizedTest
  @EnumSource
  void aDomainOwnsAtMostAThousandNodes(XenStoreFlavour flavour) {
    start(flavour);
    for (int group = 0; group < 20; group++) {
      one.ok(MKDIR, "data/" + group + "\0");
    }
    for (int i = daemon.tree().owned(1); i < 1000; i++) {
      one.ok(WRITE, "data/" + i % 20 + "/" + i + "\0v");
    }
    one.fails(quotaError(flavour), WRITE, "data/one-more\0v");
    assertEquals(1000, daemon.tree().owned(1));
    one.ok(RM, "data/7\0");
    one.ok(WRITE, "data/one-more\0v");
  }

  @Test
  void theCDaemonCountsTheNamesOfChildrenAsPartOfANode() {
    start(XenStoreFlavour.C);
    one.ok(MKDIR, "data/d\0");
    int children = 0;
    while (children < 100
        && one.tries(MKDIR, "data/d/" + "n".repeat(30) + (10 + children) + "\0")) {
      children++;
    }
    assertEquals((2048 - 24 - 8 - 1) / 33, children);
    one.fails("ENOSPC", WRITE, "data/x\0" + "v".repeat(2048 - 24 - 8));
    one.ok(WRITE, "data/x\0" + "v".repeat(2048 - 24 - 8 - 1));
    dom0.ok(WRITE, "data/x\0" + "v".repeat(3000));
  }

  @Test
  void oxenstoredLimitsTheValueAlone() {
    start(XenStoreFlavour.OCAML);
    one.ok(WRITE, "data/x\0" + "v".repeat(2048));
    one.fails("E2BIG", WRITE, "data/x\0" + "v".repeat(2049));
  }

  @ParameterizedTest
  @EnumSource
  void aDomainHasAtMostTenTransactions(XenStoreFlavour flavour) {
    start(flavour);
    Client again = new Client(1);
    for (int i = 0; i < 5; i++) {
      one.ok(TRANSACTION_START, "\0");
      again.ok(TRANSACTION_START, "\0");
    }
    one.fails(quotaError(flavour), TRANSACTION_START, "\0");
    two.ok(TRANSACTION_START, "\0");
    daemon.disconnected(again.connection);
    one.ok(TRANSACTION_START, "\0");
    one.ok(RESET_WATCHES, "\0");
    assertEquals(0, daemon.transactions(1));
  }

  @ParameterizedTest
  @EnumSource
  void aDomainHasALimitOfWatches(XenStoreFlavour flavour) {
    start(flavour);
    boolean c = flavour == XenStoreFlavour.C;
    for (int i = 0; i < (c ? 128 : 100); i++) {
      one.ok(WATCH, "data\0t" + i + "\0");
    }
    one.fails(c ? "E2BIG" : "EQUOTA", WATCH, "data\0more\0");
    one.ok(UNWATCH, "data\0t7\0");
    one.fails("ENOENT", UNWATCH, "data\0t7\0");
    one.ok(WATCH, "data\0more\0");
    one.ok(RESET_WATCHES, "\0");
    assertEquals(0, daemon.watches(1));
    one.ok(WATCH, "data\0t\0");
    one.fails("EEXIST", WATCH, "data\0t\0");
  }

  @ParameterizedTest
  @EnumSource
  void aTransactionIsSeenAtItsCommitOnly(XenStoreFlavour flavour) {
    start(flavour);
    dom0.ok(WATCH, "/local/domain/1/data\0w\0");
    dom0.events();
    int tx = one.begin();
    one.okIn(tx, WRITE, "data/x\0v");
    assertEquals("v", one.okIn(tx, READ, "data/x\0"));
    one.fails("ENOENT", READ, "data/x\0");
    assertEquals(List.of(), dom0.events());
    one.okIn(tx, TRANSACTION_END, "T\0");
    assertEquals(List.of("/local/domain/1/data/x w"), dom0.events());
    assertEquals("v", one.ok(READ, "data/x\0"));
    one.failsIn(tx, unknownTransaction(flavour), READ, "data/x\0");
    int aborted = one.begin();
    one.okIn(aborted, WRITE, "data/x\0w");
    one.okIn(aborted, TRANSACTION_END, "F\0");
    assertEquals("v", one.ok(READ, "data/x\0"));
    one.failsIn(one.begin(), "EBUSY", TRANSACTION_START, "\0");
  }

  @ParameterizedTest
  @EnumSource
  void whatATransactionLookedAtMustNotChange(XenStoreFlavour flavour) {
    start(flavour);
    one.ok(WRITE, "data/x\0v");
    int reader = one.begin();
    one.okIn(reader, READ, "data/x\0");
    one.okIn(reader, WRITE, "data/y\0v");
    one.ok(WRITE, "data/x\0w");
    one.failsIn(reader, "EAGAIN", TRANSACTION_END, "T\0");
    one.fails("ENOENT", READ, "data/y\0");

    int missing = one.begin();
    one.failsIn(missing, "ENOENT", READ, "data/new\0");
    one.ok(WRITE, "data/new\0w");
    one.failsIn(missing, "EAGAIN", TRANSACTION_END, "T\0");

    int lists = one.begin();
    one.okIn(lists, DIRECTORY, "data\0");
    one.ok(RM, "data/new\0");
    one.failsIn(lists, "EAGAIN", TRANSACTION_END, "T\0");

    int unrelated = one.begin();
    one.okIn(unrelated, READ, "data/x\0");
    two.ok(WRITE, "data/x\0w");
    one.okIn(unrelated, TRANSACTION_END, "T\0");
  }

  @ParameterizedTest
  @EnumSource
  void aWatchIsToldOfWhatItsDomainMayRead(XenStoreFlavour flavour) {
    start(flavour);
    two.ok(WATCH, "/local/domain\0broad\0");
    two.ok(WATCH, "/local/domain/1/data/x\0exact\0");
    assertEquals(List.of("/local/domain broad", "/local/domain/1/data/x exact"), two.events());
    one.ok(WRITE, "data/x\0v");
    assertEquals(List.of(), two.events());
    one.ok(SET_PERMS, "data/x\0n1\0r2\0");
    assertEquals(
        List.of("/local/domain/1/data/x broad", "/local/domain/1/data/x exact"), two.events());
    one.ok(WRITE, "data/x\0w");
    assertEquals(2, two.events().size());
    one.ok(SET_PERMS, "data/x\0n1\0");
    assertEquals(2, two.events().size()); // of what it may read no more
    one.ok(WRITE, "data/x\0w");
    one.ok(RM, "data/x\0");
    assertEquals(List.of(), two.events());
  }

  @ParameterizedTest
  @EnumSource
  void aRelativeWatchReportsRelativePaths(XenStoreFlavour flavour) {
    start(flavour);
    one.ok(WATCH, "data\0r\0");
    one.ok(WATCH, "/local/domain/1/data/x\0a\0");
    one.events();
    one.ok(WRITE, "data/x\0v");
    assertEquals(List.of("data/x r", "/local/domain/1/data/x a"), one.events());
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfADomainIsSeenByWatchesOnItsReadableNodes(XenStoreFlavour flavour) {
    start(flavour);
    one.ok(WRITE, "data/to/2/offer\0v");
    one.ok(SET_PERMS, "data/to/2\0n1\0r2\0");
    one.ok(SET_PERMS, "data/to/2/offer\0n1\0r2\0");
    two.ok(WATCH, "/local/domain\0broad\0");
    two.ok(WATCH, "/local/domain/1/data/to/2/offer\0exact\0");
    two.ok(WATCH, "/local/domain/1/data/to/2\0above\0");
    two.ok(WATCH, "@releaseDomain\0gone\0");
    dom0.ok(WATCH, "@releaseDomain\0gone\0");
    assertEquals(4, two.events().size());
    dom0.events();
    dom0.ok(RM, "/local/domain/1\0");
    daemon.release(1);
    List<String> events = two.events();
    assertEquals(2, events.size(), events.toString());
    assertTrue(events.contains("/local/domain/1/data/to/2/offer exact"));
    assertTrue(events.contains("/local/domain/1/data/to/2 above"));
    assertEquals(List.of("@releaseDomain gone"), dom0.events());
    assertEquals(0, daemon.tree().owned(1));
  }

  @ParameterizedTest
  @EnumSource
  void whatADeadDomainOwnedElsewhereGoesWithIt(XenStoreFlavour flavour) {
    start(flavour);
    dom0.ok(WRITE, "/shared/of-one/deep\0v");
    dom0.ok(SET_PERMS, "/shared/of-one\0n1\0");
    dom0.ok(SET_PERMS, "/shared\0n0\0r1\0r2\0");
    int ofDom0 = daemon.tree().owned(0);
    daemon.release(1);
    assertEquals("", dom0.ok(DIRECTORY, "/shared\0"));
    assertEquals(ofDom0 - 1, daemon.tree().owned(0));
  }

  @ParameterizedTest
  @EnumSource
  void whatOthersAllowedADeadDomainIsNotInheritedByTheNextWithItsNumber(XenStoreFlavour flavour) {
    start(flavour);
    dom0.ok(WRITE, "/shared\0v");
    dom0.ok(SET_PERMS, "/shared\0n0\0b1\0r2\0");
    daemon.release(1);
    daemon.created(1);
    daemon.introduce(1);

    one.fails("EACCES", READ, "/shared\0");
    dom0.ok(WRITE, "/shared/below\0v");
    one.fails("EACCES", READ, "/shared/below\0");
    assertEquals("v", two.ok(READ, "/shared/below\0"));
    dom0.ok(SET_PERMS, "/shared\0n0\0b1\0");
    assertEquals("v", one.ok(READ, "/shared\0"));
  }

  @Test
  void theCDaemonShowsAnEntryOfADeadDomainAndOxenstoredTakesItAway() {
    for (XenStoreFlavour flavour : XenStoreFlavour.values()) {
      start(flavour);
      one.ok(SET_PERMS, "data\0n1\0r2\0");
      daemon.release(2);

      String shown = flavour == XenStoreFlavour.C ? "n1\0r2\0" : "n1\0";
      assertEquals(shown, one.ok(GET_PERMS, "data\0"));
    }
  }

  @Test
  void theCDaemonKnowsADomainUntilTheHypervisorHasForgottenIt() {
    start(XenStoreFlavour.C);
    dying.add(2);
    daemon.release(2);
    one.fails("EPERM", SET_PERMS, "data\0n2\0");

    dying.remove(2);
    one.fails("ENOENT", SET_PERMS, "data\0n2\0");

    one.ok(SET_PERMS, "data\0n1\0r2\0");
    daemon.created(2);
    daemon.introduce(2);
    two.fails("EACCES", READ, "/local/domain/1/data\0");
  }

  @Test
  void aLongListIsReadInParts() {
    start(XenStoreFlavour.C);
    for (int i = 0; i < 300; i++) {
      dom0.ok(WRITE, "/many/" + "n".repeat(20) + i + "\0");
    }
    dom0.fails("E2BIG", DIRECTORY, "/many\0");
    String first = dom0.ok(DIRECTORY_PART, "/many\0" + "0\0");
    String generation = first.substring(0, first.indexOf('\0') + 1);
    int taken = first.length() - generation.length();
    assertTrue(taken < 4096 && taken > 4000);
    String second = dom0.ok(DIRECTORY_PART, "/many\0" + taken + "\0");
    assertTrue(second.startsWith(generation + "n") && second.endsWith("299\0\0"));
    assertEquals(generation + "\0", dom0.ok(DIRECTORY_PART, "/many\0" + "99999\0"));
    start(XenStoreFlavour.OCAML);
    dom0.fails("ENOSYS", DIRECTORY_PART, "/local\0" + "0\0");
  }

  private static String unknownTransaction(XenStoreFlavour flavour) {
    return flavour == XenStoreFlavour.C ? "ENOENT" : "EIO";
  }

  private static String quotaError(XenStoreFlavour flavour) {
    return flavour == XenStoreFlavour.C ? "ENOSPC" : "EQUOTA";
  }

  /** A connection that is asked one thing after the other. */
  private final class Client {
    private final List<XenStoreFrame> received = new ArrayList<>();
    private final StoreConnection connection;

    Client(int domainId) {
      connection = new StoreConnection(domainId, received::add);
      daemon.connected(connection);
    }

    String ok(int type, String payload) {
      return okIn(0, type, payload);
    }

    String okIn(int transaction, int type, String payload) {
      XenStoreFrame reply = ask(transaction, type, payload);
      assertEquals(type, reply.type(), () -> "it failed: " + text(reply));
      return text(reply);
    }

    boolean tries(int type, String payload) {
      return ask(0, type, payload).type() == type;
    }

    void fails(String error, int type, String payload) {
      failsIn(0, error, type, payload);
    }

    void failsIn(int transaction, String error, int type, String payload) {
      XenStoreFrame reply = ask(transaction, type, payload);
      assertEquals(ERROR, reply.type());
      assertEquals(error + "\0", text(reply));
    }

    int begin() {
      String id = ok(TRANSACTION_START, "\0");
      return Integer.parseInt(id.substring(0, id.length() - 1));
    }

    /** Returns the events since the last call, path and token of each. */
    List<String> events() {
      List<String> events =
          received.stream()
              .filter(frame -> frame.type() == WATCH_EVENT)
              .map(frame -> text(frame).replace('\0', ' ').trim())
              .toList();
      received.clear();
      return events;
    }

    private XenStoreFrame ask(int transaction, int type, String payload) {
      int id = received.size() + 1000;
      daemon.handle(
          connection,
          new XenStoreFrame(type, id, transaction, payload.getBytes(StandardCharsets.ISO_8859_1)));
      List<XenStoreFrame> replies =
          received.stream().filter(frame -> frame.type() != WATCH_EVENT).toList();
      assertEquals(1, replies.size());
      XenStoreFrame reply = replies.get(0);
      assertEquals(id, reply.requestId());
      assertEquals(transaction, reply.transactionId());
      received.remove(reply);
      return reply;
    }

    private String text(XenStoreFrame frame) {
      return new String(frame.payload(), StandardCharsets.ISO_8859_1);
    }
  }
}
