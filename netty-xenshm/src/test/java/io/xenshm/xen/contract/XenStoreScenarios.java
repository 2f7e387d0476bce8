package io.xenshm.xen.contract;

import static io.xenshm.xen.contract.XenStoreSide.mine;

import io.xenshm.xen.XenStore;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException.Code;
import io.xenshm.xen.contract.XenStoreSide.Events;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** What {@link XenStore} promises to a guest about nodes, permissions and watches. */
final class XenStoreScenarios {

  private static final int NOBODY = 32_000;

  private XenStoreScenarios() {}

  static List<ContractScenario> all() {
    return Stream.of(nodes(), permissions(), watches()).flatMap(List::stream).toList();
  }

  private static List<ContractScenario> nodes() {
    return List.of(
        alone("a value is read as it was written", XenStoreScenarios::values),
        alone("a relative path is below the domain's own", XenStoreScenarios::relative),
        alone("missing nodes above a new one are made", XenStoreScenarios::implicit),
        alone("a node is removed with all below it", XenStoreScenarios::removal),
        alone("requests of one client are done in order", XenStoreScenarios::order),
        alone("each of many requests at once gets its own answer", XenStoreScenarios::atOnce));
  }

  private static List<ContractScenario> permissions() {
    return List.of(
        pair(
            "another guest's node is closed by default",
            XenStoreScenarios::keepSecret,
            XenStoreScenarios::spy),
        pair(
            "a node is readable by whom its owner allows",
            XenStoreScenarios::allowReading,
            XenStoreScenarios::readAllowed),
        pair(
            "children inherit the permissions of a directory",
            XenStoreScenarios::makeInheriting,
            XenStoreScenarios::readInherited),
        pair(
            "a guest that may write a directory makes nodes in it",
            XenStoreScenarios::openDirectory,
            XenStoreScenarios::writeIntoIt),
        alone("a guest writes nowhere but below its own nodes", XenStoreScenarios::elsewhere),
        alone("no node is given to a domain that does not exist", XenStoreScenarios::giveToNobody));
  }

  private static List<ContractScenario> watches() {
    return List.of(
        alone("a watch fires once at registration", XenStoreScenarios::registration),
        alone("a watch tells of the node and what is below it", XenStoreScenarios::ownChanges),
        alone("watches come and go among other requests", XenStoreScenarios::amongOthers),
        pair(
            "a broad and an exact watch tell of another guest's readable node",
            XenStoreScenarios::publish,
            XenStoreScenarios::discover),
        pair(
            "a watch tells of the removal of a readable node",
            XenStoreScenarios::publishAndRemove,
            XenStoreScenarios::seeRemoval),
        pair(
            "a watch tells who may not read any more",
            XenStoreScenarios::publishAndHide,
            XenStoreScenarios::seeHiding));
  }

  // Nodes.

  private static void values(XenStoreSide me) throws Exception {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    for (byte[] value : List.of(all, new byte[0], new byte[1500], new byte[] {0})) {
      me.get(me.store().write(mine("value"), value));
      byte[] read = me.get(me.store().read(mine("value")));
      Check.that(Arrays.equals(value, read), value.length + " bytes are the same");
    }
    me.refused("a missing node", me.store().read(mine("none")), Code.ENOENT);
    me.refused("a missing node's list", me.store().list(mine("none")), Code.ENOENT);
    me.refused("a missing node's permissions", me.store().permissions(mine("none")), Code.ENOENT);
  }

  private static void relative(XenStoreSide me) throws Exception {
    me.write(mine("x"), "1");
    Check.equal("1", me.read(me.mineAbsolute("x")), "the absolute path");
    Check.equal(
        "/local/domain/" + me.own(), me.get(me.store().domainPath(me.own())), "domain path");
    Check.equal(Integer.toString(me.own()), me.read("domid"), "domid");
  }

  private static void implicit(XenStoreSide me) throws Exception {
    me.write(mine("a/b/c"), "1");
    Check.equal("", me.read(mine("a/b")), "the value of an implicit node");
    me.get(me.store().makeDirectory(mine("a/d/e")));
    me.get(me.store().makeDirectory(mine("a/b/c")));
    Check.equal("1", me.read(mine("a/b/c")), "a value after making the node again");
    Check.equal(Set.of("b", "d"), Set.copyOf(me.get(me.store().list(mine("a")))), "children");
    Check.equal(List.of(), me.get(me.store().list(mine("a/d/e"))), "no children");
  }

  private static void removal(XenStoreSide me) throws Exception {
    me.write(mine("a/b/c"), "1");
    me.get(me.store().remove(mine("a")));
    me.refused("a removed node", me.store().read(mine("a/b/c")), Code.ENOENT);
    me.get(me.store().remove(mine("a")));
    me.refused("a node without a parent", me.store().remove(mine("a/b")), Code.ENOENT);
  }

  private static void order(XenStoreSide me) throws Exception {
    List<CompletableFuture<Void>> writes = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      writes.add(me.store().write(mine("x"), Integer.toString(i)));
    }
    Check.equal("99", me.read(mine("x")), "the value after a hundred writes");
    for (CompletableFuture<Void> write : writes) {
      Check.that(write.isDone(), "a write before the read is done");
      me.get(write);
    }
  }

  /** Linux's /dev/xen/xenbus mixes up requests where one is written before another's answer. */
  private static void atOnce(XenStoreSide me) throws Exception {
    int nodes = 30;
    for (int i = 0; i < nodes; i++) {
      me.write(mine("n" + i), "value of " + i);
    }
    for (int round = 0; round < 10; round++) {
      List<CompletableFuture<byte[]>> reads = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        reads.add(me.store().read(mine("n" + i)));
      }
      for (int i = 0; i < nodes; i++) {
        String value = new String(me.get(reads.get(i)), StandardCharsets.UTF_8);
        Check.equal("value of " + i, value, "answer to read " + i);
      }
    }
  }

  // Permissions.

  private static void keepSecret(XenStoreSide me) throws Exception {
    me.write(mine("secret"), "s");
    Check.equal(
        me.own(), me.get(me.store().permissions(mine("secret"))).get(0).domainId(), "owner");
    me.side().send("written", "secret");
    me.side().receive("tried");
    Check.equal("s", me.read(mine("secret")), "the secret");
  }

  private static void spy(XenStoreSide me) throws Exception {
    me.side().receive("written");
    String secret = me.peers("secret");
    me.refused("reading", me.store().read(secret), Code.EACCES);
    me.refused("writing", me.store().write(secret, "x"), Code.EACCES);
    me.refused("listing", me.store().list(secret), Code.EACCES);
    me.refused("removing", me.store().remove(secret), Code.EACCES);
    me.refused("making a child", me.store().makeDirectory(secret + "/x"), Code.EACCES);
    me.refused("reading permissions", me.store().permissions(secret), Code.EACCES);
    List<Permission> own = Permission.list("n" + me.own());
    me.refused("taking", me.store().setPermissions(secret, own), Code.EACCES);
    me.refused("a missing node", me.store().read(me.peers("x")), Code.EACCES, Code.ENOENT);
    me.refused(
        "reading a name", me.store().read("/local/domain/" + me.peer() + "/name"), Code.EACCES);
    me.side().send("tried", "all");
  }

  private static void allowReading(XenStoreSide me) throws Exception {
    me.write(mine("closed/open"), "1");
    me.permit(mine("closed/open"), "n" + me.own(), "r" + me.peer());
    me.side().send("written", "open");
    me.side().receive("tried");
    Check.equal("1", me.read(mine("closed/open")), "the value");
    List<Permission> foreign = Permission.list("n" + me.peer());
    me.refused(
        "giving away", me.store().setPermissions(mine("closed"), foreign), Code.EPERM, Code.EACCES);
    me.permit(mine("closed/open"), "n" + me.own());
    me.side().send("closed", "open");
    me.side().receive("seen");
  }

  private static void readAllowed(XenStoreSide me) throws Exception {
    me.side().receive("written");
    String open = me.peers("closed/open");
    Check.equal("1", me.read(open), "the value");
    List<Permission> expected = Permission.list("n" + me.peer(), "r" + me.own());
    Check.equal(expected, me.get(me.store().permissions(open)), "permissions");
    me.refused("reading the directory", me.store().list(me.peers("closed")), Code.EACCES);
    me.refused("writing", me.store().write(open, "x"), Code.EACCES);
    me.refused("making a child", me.store().write(open + "/x", "x"), Code.EACCES);
    List<Permission> own = Permission.list("b" + me.own());
    me.refused("taking", me.store().setPermissions(open, own), Code.EACCES);
    me.side().send("tried", "all");
    me.side().receive("closed");
    me.refused("reading what was closed again", me.store().read(open), Code.EACCES);
    me.side().send("seen", "all");
  }

  /** The C daemon looks for the new owner first; of one that exists it says EPERM. */
  private static void giveToNobody(XenStoreSide me) throws Exception {
    String node = mine("given");
    me.write(node, "1");
    List<Permission> nobody = Permission.list("n" + NOBODY);
    me.refused("giving away", me.store().setPermissions(node, nobody), Code.ENOENT, Code.EACCES);
    me.permit(node, "n" + me.own(), "r" + NOBODY);
    Check.equal("1", me.read(node), "the value");
  }

  private static void makeInheriting(XenStoreSide me) throws Exception {
    me.get(me.store().makeDirectory(mine("to")));
    me.permit(mine("to"), "n" + me.own(), "r" + me.peer());
    me.write(mine("to/deep/offer"), "1");
    Check.equal(
        Permission.list("n" + me.own(), "r" + me.peer()),
        me.get(me.store().permissions(mine("to/deep/offer"))),
        "permissions of a child");
    me.side().send("written", "offer");
    me.side().receive("read");
  }

  private static void readInherited(XenStoreSide me) throws Exception {
    me.side().receive("written");
    Check.equal("1", me.read(me.peers("to/deep/offer")), "the child's value");
    Check.equal(List.of("deep"), me.get(me.store().list(me.peers("to"))), "children");
    me.side().send("read", "all");
  }

  private static void openDirectory(XenStoreSide me) throws Exception {
    me.get(me.store().makeDirectory(mine("box")));
    me.permit(mine("box"), "n" + me.own(), "b" + me.peer());
    me.side().send("written", "box");
    me.side().receive("posted");
    Check.equal(List.of("letter"), me.get(me.store().list(mine("box"))), "children");
    me.get(me.store().remove(mine("box")));
    me.refused("the removed letter", me.store().read(mine("box/letter")), Code.ENOENT);
  }

  private static void writeIntoIt(XenStoreSide me) throws Exception {
    me.side().receive("written");
    String letter = me.peers("box/letter");
    me.write(letter, "1");
    Check.equal("1", me.read(letter), "the value");
    int owner = me.get(me.store().permissions(letter)).get(0).domainId();
    Check.that(owner == me.own() || owner == me.peer(), "the daemons differ in the owner " + owner);
    me.side().send("posted", "letter");
  }

  private static void elsewhere(XenStoreSide me) throws Exception {
    for (String path : List.of("/contract", "/local/domain/contract", "contract", "domid")) {
      me.refused("writing " + path, me.store().write(path, "x"), Code.EACCES);
    }
    me.refused("removing", me.store().remove("/local/domain/" + me.own()), Code.EACCES);
  }

  // Watches.

  private static void registration(XenStoreSide me) throws Exception {
    for (String path :
        List.of(
            mine("none"), me.mineAbsolute("none"), "/local/domain", "domid", "@releaseDomain")) {
      me.watch(path).cancel();
    }
  }

  private static void ownChanges(XenStoreSide me) throws Exception {
    Events events = me.watch(mine("a"));
    me.write(mine("other"), "1");
    me.write(mine("a/b"), "1");
    events.await(mine("a/b"));
    me.write(mine("a/b"), "1");
    events.await(mine("a/b"));
    me.get(me.store().makeDirectory(mine("a/c")));
    events.await(mine("a/c"));
    me.get(me.store().remove(mine("a/b")));
    events.await(mine("a/b"));
    me.permit(mine("a"), "r" + me.own());
    events.await(mine("a"));
    me.get(me.store().remove(mine("a")));
    events.await(mine("a"));
    Check.equal(List.of(), events.seen(), "events of other nodes");
    Events second = me.watch(mine("a"));
    events.cancel();
    me.write(mine("a"), "1");
    second.await(mine("a"));
    Check.equal(List.of(), events.seen(), "events after the end of a watch");
    second.cancel();
  }

  /** Linux's /dev/xen/xenbus hangs where a watch is written before a read's answer. */
  private static void amongOthers(XenStoreSide me) throws Exception {
    me.write(mine("x"), "1");
    for (int round = 0; round < 5; round++) {
      List<CompletableFuture<byte[]>> reads = new ArrayList<>();
      List<CompletableFuture<XenStore.Watch>> watches = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        reads.add(me.store().read(mine("x")));
        watches.add(me.store().watch(mine("x"), path -> {}));
        reads.add(me.store().read(mine("x")));
      }
      List<CompletableFuture<Void>> ends = new ArrayList<>();
      for (CompletableFuture<XenStore.Watch> watch : watches) {
        reads.add(me.store().read(mine("x")));
        ends.add(me.get(watch).cancel());
      }
      for (CompletableFuture<byte[]> read : reads) {
        Check.equal(1, me.get(read).length, "length of a value");
      }
      for (CompletableFuture<Void> end : ends) {
        me.get(end);
      }
    }
  }

  private static void publish(XenStoreSide me) throws Exception {
    me.side().receive("watching");
    me.write(mine("secret"), "1");
    me.write(mine("open"), "1");
    me.permit(mine("open"), "n" + me.own(), "r" + me.peer());
    me.side().receive("seen");
    me.write(mine("open"), "2");
    me.side().receive("seen again");
  }

  private static void discover(XenStoreSide me) throws Exception {
    Events broad = me.watch("/local/domain");
    Events exact = me.watch(me.peers("open"));
    me.side().send("watching", "both");
    broad.await(me.peers("open"));
    exact.await(me.peers("open"));
    Check.equal("1", me.read(me.peers("open")), "the value at the first event");
    me.side().send("seen", "both");
    broad.await(me.peers("open"));
    exact.await(me.peers("open"));
    Check.that(!broad.seen().contains(me.peers("secret")), "no event of a closed node");
    me.side().send("seen again", "both");
    broad.cancel();
    exact.cancel();
  }

  private static void publishAndRemove(XenStoreSide me) throws Exception {
    me.get(me.store().makeDirectory(mine("closed/to")));
    me.permit(mine("closed/to"), "n" + me.own(), "r" + me.peer());
    me.write(mine("closed/to/offer"), "1");
    me.side().send("written", "offer");
    me.side().receive("watching");
    me.get(me.store().remove(mine("closed")));
    me.side().receive("seen");
  }

  private static void seeRemoval(XenStoreSide me) throws Exception {
    me.side().receive("written");
    Events above = me.watch(me.peers("closed/to"));
    Events exact = me.watch(me.peers("closed/to/offer"));
    me.side().send("watching", "both");
    above.await(me.peers("closed/to"));
    exact.await(me.peers("closed/to/offer"));
    me.refused(
        "the removed node", me.store().read(me.peers("closed/to")), Code.ENOENT, Code.EACCES);
    me.side().send("seen", "both");
    above.cancel();
    exact.cancel();
  }

  private static void publishAndHide(XenStoreSide me) throws Exception {
    me.write(mine("open"), "1");
    me.permit(mine("open"), "n" + me.own(), "r" + me.peer());
    me.side().send("written", "open");
    me.side().receive("watching");
    me.permit(mine("open"), "n" + me.own());
    me.side().receive("seen");
  }

  private static void seeHiding(XenStoreSide me) throws Exception {
    me.side().receive("written");
    Events events = me.watch(me.peers("open"));
    me.side().send("watching", "open");
    events.await(me.peers("open"));
    me.refused("the hidden node", me.store().read(me.peers("open")), Code.EACCES);
    me.side().send("seen", "open");
    events.cancel();
  }

  static ContractScenario alone(String name, Part part) {
    return ContractScenario.alone("XenStore: " + name, side -> play(part, side));
  }

  static ContractScenario pair(String name, Part first, Part second) {
    return ContractScenario.of(
        "XenStore: " + name, side -> play(first, side), side -> play(second, side));
  }

  private static void play(Part part, Side side) throws Exception {
    XenStoreSide me = new XenStoreSide(side);
    me.removeDirectory();
    try {
      part.play(me);
    } finally {
      me.removeDirectory();
    }
  }

  /** A role of a scenario. */
  @FunctionalInterface
  interface Part {
    void play(XenStoreSide me) throws Exception;
  }
}
