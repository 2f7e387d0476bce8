package io.xenshm.xen.contract;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.xen.SharedPages;
import java.util.List;

/** What {@link SharedPages} promises about the end of a mapping. */
final class UnmapScenarios {
  private static final long FIRST_FLAG = 100;
  private static final long SECOND_FLAG = 4096 + 200;

  private UnmapScenarios() {}

  static List<ContractScenario> all() {
    return List.of(
        ContractScenario.of(
            "a granter's close leaves the mapper its view",
            UnmapScenarios::grantAndForget,
            UnmapScenarios::keepView),
        ContractScenario.of(
            "a mapper's close clears the byte and sends the event",
            side -> watch(side, true),
            side -> leave(side, false)),
        ContractScenario.of(
            "a granter's close clears the byte and sends the event",
            side -> leave(side, true),
            side -> watch(side, false)),
        ContractScenario.of(
            "the second notification replaces the first",
            UnmapScenarios::watchReplaced,
            UnmapScenarios::leaveReplaced),
        ContractScenario.of(
            "the byte is cleared where the port was unbound before",
            UnmapScenarios::watchByteOnly,
            UnmapScenarios::leaveWithoutPort),
        ContractScenario.of(
            "a notification through a port that is not bound is refused",
            UnmapScenarios::notifyThroughFreePort,
            side -> side.receive("done")));
  }

  private static void grantAndForget(Side side) throws Exception {
    SharedPages pages = side.xen().grants().grant(side.peerDomain(), 2);
    pages.memory().set(JAVA_INT, 0, 41);
    side.send("references", pages.references());
    side.receive("mapped");
    pages.close();
    try (SharedPages others = side.xen().grants().grant(side.peerDomain(), 8)) {
      Check.equal(0, others.memory().get(JAVA_INT, 0), "content of new pages");
      others.memory().fill((byte) 1);
      side.send("closed", "now");
      side.receive("checked");
    }
  }

  private static void keepView(Side side) throws Exception {
    try (SharedPages pages =
        side.xen().grants().map(side.peerDomain(), side.receiveInts("references"))) {
      side.send("mapped", "now");
      side.receive("closed");
      Check.equal(41, pages.memory().get(JAVA_INT, 0), "content after the granter's close");
      pages.memory().set(JAVA_INT, 4096, 42);
      Check.equal(42, pages.memory().get(JAVA_INT, 4096), "content written after that");
    }
    side.send("checked", "all");
  }

  /** Opens two pages with the role's own live flags set. */
  private static SharedPages share(Side side, boolean granter) throws Exception {
    SharedPages pages;
    if (granter) {
      pages = side.xen().grants().grant(side.peerDomain(), 2);
      pages.memory().set(JAVA_BYTE, FIRST_FLAG, (byte) 1);
      pages.memory().set(JAVA_BYTE, SECOND_FLAG, (byte) 1);
      side.send("references", pages.references());
    } else {
      pages = side.xen().grants().map(side.peerDomain(), side.receiveInts("references"));
    }
    side.meet("shared");
    return pages;
  }

  private static ChannelPair pair(Side side, boolean granter) throws Exception {
    return granter ? ChannelPair.offer(side) : ChannelPair.bind(side);
  }

  private static void leave(Side side, boolean granter) throws Exception {
    try (ChannelPair pair = pair(side, granter)) {
      SharedPages pages = share(side, granter);
      pages.notifyOnUnmap(SECOND_FLAG, pair.channels, pair.port);
      side.meet("armed");
      side.receive("still alive");
      pages.close();
      side.receive("seen");
    }
  }

  private static void watch(Side side, boolean granter) throws Exception {
    try (ChannelPair pair = pair(side, granter);
        SharedPages pages = share(side, granter)) {
      side.meet("armed");
      Check.equal((byte) 1, pages.memory().get(JAVA_BYTE, SECOND_FLAG), "flag before the close");
      Check.equal(0, pair.channels.poll(new int[1]), "events before the close");
      side.send("still alive", "yes");
      side.awaitEvent(pair.channels, pair.port);
      Check.equal((byte) 0, pages.memory().get(JAVA_BYTE, SECOND_FLAG), "flag at the event");
      Check.equal((byte) 1, pages.memory().get(JAVA_BYTE, FIRST_FLAG), "the other byte");
      side.send("seen", "both");
    }
  }

  private static void leaveReplaced(Side side) throws Exception {
    try (ChannelPair pair = pair(side, false)) {
      SharedPages pages = share(side, false);
      pages.notifyOnUnmap(FIRST_FLAG, pair.channels, pair.port);
      pages.notifyOnUnmap(SECOND_FLAG, pair.channels, pair.port);
      pages.close();
      side.receive("seen");
    }
  }

  private static void watchReplaced(Side side) throws Exception {
    try (ChannelPair pair = pair(side, true);
        SharedPages pages = share(side, true)) {
      side.awaitEvent(pair.channels, pair.port);
      Check.equal((byte) 0, pages.memory().get(JAVA_BYTE, SECOND_FLAG), "byte of the second");
      Check.equal((byte) 1, pages.memory().get(JAVA_BYTE, FIRST_FLAG), "byte of the first");
      side.send("seen", "both");
    }
  }

  private static void leaveWithoutPort(Side side) throws Exception {
    try (ChannelPair pair = pair(side, false)) {
      SharedPages pages = share(side, false);
      pages.notifyOnUnmap(FIRST_FLAG, pair.channels, pair.port);
      pair.channels.unbind(pair.port);
      pages.close();
      side.receive("seen");
    }
  }

  private static void watchByteOnly(Side side) throws Exception {
    try (ChannelPair pair = pair(side, true);
        SharedPages pages = share(side, true)) {
      side.await(
          "the byte is cleared", () -> pages.memory().get(JAVA_BYTE, FIRST_FLAG) == (byte) 0);
      pair.channels.notify(pair.port);
      side.send("seen", "it");
    }
  }

  private static void notifyThroughFreePort(Side side) throws Exception {
    try (SharedPages pages = side.xen().grants().grant(side.peerDomain(), 1);
        var channels = side.xen().openEventChannels()) {
      int port = channels.bindUnbound(side.peerDomain());
      channels.unbind(port);
      Check.refused("a free port", () -> pages.notifyOnUnmap(0, channels, port));
    }
    side.send("done", "all");
  }
}
