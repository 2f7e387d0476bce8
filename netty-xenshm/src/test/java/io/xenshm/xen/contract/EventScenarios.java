package io.xenshm.xen.contract;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.xenshm.posix.Posix;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What {@link EventChannels} promises. */
final class EventScenarios {
  private static final int DOMAIN_0 = 0;
  private static final int NO_DOMAIN = 32_000;

  /** {@code DOMID_SELF}. */
  private static final int RESERVED_DOMAIN = 0x7FF0;

  private static final int MANY = 20;
  private static final int ROUNDS = 200;

  private EventScenarios() {}

  static List<ContractScenario> all() {
    return List.of(
        ContractScenario.of(
            "an event passes, both ways", EventScenarios::ping, EventScenarios::pong),
        ContractScenario.of(
            "binding raises one event", EventScenarios::offerOnly, EventScenarios::bindAndCount),
        ContractScenario.of(
            "events on a masked port are one event after unmasking",
            EventScenarios::sendThree,
            EventScenarios::receiveOne),
        ContractScenario.of(
            "what is stored before an event is seen after it",
            side -> passNumbers(side, true),
            side -> passNumbers(side, false)),
        ContractScenario.of(
            "the descriptor is readable while events wait",
            EventScenarios::sendWhenAsked,
            EventScenarios::watchDescriptor),
        ContractScenario.of(
            "several ports come through one descriptor",
            EventScenarios::offerSeveral,
            EventScenarios::bindSeveral),
        ContractScenario.of(
            "unbinding is silent, and the port can be bound again",
            EventScenarios::unbindAndRebind,
            EventScenarios::keepPort),
        ContractScenario.of(
            "closing the channels is silent, and a port can be bound again",
            EventScenarios::closeAndRebind,
            EventScenarios::keepPort),
        ContractScenario.of(
            "a port is bound once only", EventScenarios::offerOnly, EventScenarios::bindTwice),
        ContractScenario.of(
            "a port for another domain is refused",
            EventScenarios::offerToDomain0,
            EventScenarios::bindRefused),
        ContractScenario.alone(
            "a port or domain that does not exist is refused", EventScenarios::bindNothing),
        ContractScenario.alone(
            "a port and pages for a domain that does not exist are given",
            EventScenarios::offerToNobody),
        ContractScenario.alone(
            "a port belongs to the channels that bound it", EventScenarios::foreignPort),
        ContractScenario.alone(
            "ports are distinct and can be used again", EventScenarios::manyPorts),
        ContractScenario.alone("polling does not wait", EventScenarios::pollNothing),
        ContractScenario.alone("closed channels refuse", EventScenarios::closedChannels));
  }

  private static void ping(Side side) throws Exception {
    try (ChannelPair pair = ChannelPair.offer(side)) {
      pair.channels.notify(pair.port);
      side.awaitAndUnmask(pair.channels, pair.port);
      Thread other = new Thread(() -> notifyQuietly(pair));
      other.start();
      other.join();
      side.receive("done");
    }
  }

  private static void notifyQuietly(ChannelPair pair) {
    try {
      pair.channels.notify(pair.port);
    } catch (io.xenshm.xen.XenException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void pong(Side side) throws Exception {
    try (ChannelPair pair = ChannelPair.bind(side)) {
      side.awaitAndUnmask(pair.channels, pair.port);
      pair.channels.notify(pair.port);
      side.awaitAndUnmask(pair.channels, pair.port);
      side.send("done", "all");
    }
  }

  private static void offerOnly(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      side.send("offered port", channels.bindUnbound(side.peerDomain()));
      side.receive("done");
      Check.equal(0, channels.poll(new int[4]), "events at the end that waited");
    }
  }

  private static void bindAndCount(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int port = channels.bindInterdomain(side.peerDomain(), side.receiveInt("offered port"));
      side.awaitAndUnmask(channels, port);
      Check.equal(0, channels.poll(new int[4]), "events after the one");
    }
    side.send("done", "all");
  }

  private static void sendThree(Side side) throws Exception {
    try (ChannelPair pair = ChannelPair.offer(side)) {
      pair.channels.notify(pair.port);
      side.receive("first taken");
      for (int i = 0; i < 3; i++) {
        pair.channels.notify(pair.port);
      }
      side.send("sent", "three");
      side.receive("done");
    }
  }

  private static void receiveOne(Side side) throws Exception {
    try (ChannelPair pair = ChannelPair.bind(side)) {
      side.awaitEvent(pair.channels, pair.port);
      side.send("first taken", "now");
      side.receive("sent");
      Check.equal(0, pair.channels.poll(new int[4]), "events while masked");
      pair.channels.unmask(new int[] {pair.port}, 1);
      side.awaitEvent(pair.channels, pair.port);
      Check.equal(0, pair.channels.poll(new int[4]), "events while masked again");
      pair.channels.unmask(new int[] {pair.port}, 1);
      Check.equal(0, pair.channels.poll(new int[4]), "events after the second unmask");
      side.send("done", "all");
    }
  }

  private static void passNumbers(Side side, boolean granter) throws Exception {
    ChannelPair pair = granter ? ChannelPair.offer(side) : ChannelPair.bind(side);
    SharedPages pages;
    if (granter) {
      pages = side.xen().grants().grant(side.peerDomain(), 1);
      side.send("references", pages.references());
    } else {
      pages = side.xen().grants().map(side.peerDomain(), side.receiveInts("references"));
    }
    try (pair;
        pages) {
      side.meet("shared");
      for (int i = 1; i <= ROUNDS; i++) {
        int mine = granter ? 2 * i - 1 : 2 * i;
        if (!granter) {
          side.awaitAndUnmask(pair.channels, pair.port);
          Check.equal(mine - 1, pages.memory().get(JAVA_INT, 0), "the number at the event");
        }
        pages.memory().set(JAVA_INT, 0, mine);
        pair.channels.notify(pair.port);
        if (granter) {
          side.awaitAndUnmask(pair.channels, pair.port);
          Check.equal(mine + 1, pages.memory().get(JAVA_INT, 0), "the number at the event");
        }
      }
      side.meet("passed");
    }
  }

  private static void sendWhenAsked(Side side) throws Exception {
    try (ChannelPair pair = ChannelPair.offer(side)) {
      side.receive("ready");
      pair.channels.notify(pair.port);
      side.receive("done");
    }
  }

  private static void watchDescriptor(Side side) throws Exception {
    try (ChannelPair pair = ChannelPair.bind(side)) {
      int descriptor = pair.channels.fileDescriptor();
      Check.that(!isReadable(descriptor), "readable before the event");
      side.send("ready", "now");
      side.await("a readable descriptor", () -> isReadable(descriptor));
      Check.that(isReadable(descriptor), "readable until the event is taken");
      side.awaitEvent(pair.channels, pair.port);
      Check.that(!isReadable(descriptor), "readable after the event was taken");
      side.send("done", "all");
    }
  }

  private static boolean isReadable(int descriptor) throws Exception {
    return (Posix.poll(0, descriptor)[0] & Posix.POLLIN) != 0;
  }

  private static void offerSeveral(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int[] ports = new int[5];
      for (int i = 0; i < ports.length; i++) {
        ports[i] = channels.bindUnbound(side.peerDomain());
      }
      side.send("offered ports", ports);
      side.receive("bound");
      for (int port : ports) {
        channels.notify(port);
      }
      side.send("sent", "all");
      side.receive("done");
    }
  }

  private static void bindSeveral(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      Set<Integer> bound = new TreeSet<>();
      for (int port : side.receiveInts("offered ports")) {
        bound.add(channels.bindInterdomain(side.peerDomain(), port));
      }
      takeAll(side, channels, bound);
      side.send("bound", "all");
      side.receive("sent");
      takeAll(side, channels, bound);
      side.send("done", "all");
    }
  }

  /** Takes one event of each port, at most two at a time, and unmasks them all. */
  private static void takeAll(Side side, EventChannels channels, Set<Integer> expected)
      throws Exception {
    Set<Integer> taken = new TreeSet<>();
    int[] two = new int[2];
    side.await(
        "an event on each of " + expected,
        () -> {
          int count = channels.poll(two);
          Check.that(count >= 0 && count <= two.length, "at most as many as there is room for");
          for (int i = 0; i < count; i++) {
            Check.that(taken.add(two[i]), "no second event on masked port " + two[i]);
          }
          return taken.equals(expected);
        });
    int[] all = taken.stream().mapToInt(Integer::intValue).toArray();
    channels.unmask(all, all.length);
  }

  private static void unbindAndRebind(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int peerPort = side.receiveInt("port");
      int port = channels.bindInterdomain(side.peerDomain(), peerPort);
      side.awaitAndUnmask(channels, port);
      channels.unbind(port);
      Check.refused("a port that was unbound", () -> channels.notify(port));
      bindAgain(side, channels, peerPort);
    }
  }

  private static void closeAndRebind(Side side) throws Exception {
    int peerPort = side.receiveInt("port");
    EventChannels first = side.xen().openEventChannels();
    first.bindInterdomain(side.peerDomain(), peerPort);
    first.close();
    try (EventChannels channels = side.xen().openEventChannels()) {
      bindAgain(side, channels, peerPort);
    }
  }

  private static void bindAgain(Side side, EventChannels channels, int peerPort) throws Exception {
    side.send("unbound", "now");
    side.receive("silence");
    int port = channels.bindInterdomain(side.peerDomain(), peerPort);
    side.awaitAndUnmask(channels, port);
    channels.notify(port);
    side.awaitAndUnmask(channels, port);
    side.send("done", "all");
  }

  private static void keepPort(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int port = channels.bindUnbound(side.peerDomain());
      side.send("port", port);
      side.receive("unbound");
      Check.equal(0, channels.poll(new int[4]), "events after the other end was closed");
      channels.notify(port);
      side.send("silence", "yes");
      side.awaitAndUnmask(channels, port);
      channels.notify(port);
      side.receive("done");
    }
  }

  private static void bindTwice(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int peerPort = side.receiveInt("offered port");
      int port = channels.bindInterdomain(side.peerDomain(), peerPort);
      Check.refused(
          "a port that is bound", () -> channels.bindInterdomain(side.peerDomain(), peerPort));
      side.awaitAndUnmask(channels, port);
    }
    side.send("done", "all");
  }

  private static void offerToDomain0(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      side.send("offered port", channels.bindUnbound(DOMAIN_0));
      side.receive("done");
    }
  }

  private static void bindRefused(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int port = side.receiveInt("offered port");
      Check.refused(
          "a port for another domain", () -> channels.bindInterdomain(side.peerDomain(), port));
    }
    side.send("done", "all");
  }

  private static void bindNothing(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      Check.refused("a free port", () -> channels.bindInterdomain(side.peerDomain(), 1_000_000));
      Check.refused("a domain that is not there", () -> channels.bindInterdomain(NO_DOMAIN, 1));
    }
  }

  /** They are numbers in tables; the domain may come later. */
  private static void offerToNobody(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels();
        SharedPages pages = side.xen().grants().grant(NO_DOMAIN, 1)) {
      Check.equal(NO_DOMAIN, pages.peerDomainId(), "peer of the pages");
      channels.unbind(channels.bindUnbound(NO_DOMAIN));
    }
    Check.refused("a reserved number", () -> side.xen().grants().grant(RESERVED_DOMAIN, 1).close());
  }

  private static void foreignPort(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels();
        EventChannels others = side.xen().openEventChannels()) {
      int port = channels.bindUnbound(side.peerDomain());
      channels.notify(port);
      Check.refused("notifying through a foreign port", () -> others.notify(port));
      Check.refused("unbinding a foreign port", () -> others.unbind(port));
      others.unmask(new int[] {port}, 1);
      channels.notify(port);
      channels.unbind(port);
      Check.refused("unbinding a port twice", () -> channels.unbind(port));
    }
  }

  private static void manyPorts(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      for (int round = 0; round < 3; round++) {
        Set<Integer> ports = new TreeSet<>();
        for (int i = 0; i < MANY; i++) {
          int port = channels.bindUnbound(side.peerDomain());
          Check.that(port > 0, "ports are positive: " + port);
          Check.that(ports.add(port), "ports are distinct: " + port);
        }
        for (int port : ports) {
          channels.unbind(port);
        }
      }
    }
  }

  private static void pollNothing(Side side) throws Exception {
    try (EventChannels channels = side.xen().openEventChannels()) {
      int[] ports = new int[4];
      Arrays.fill(ports, -1);
      Check.equal(0, channels.poll(ports), "events without a port");
      channels.bindUnbound(side.peerDomain());
      Check.equal(0, channels.poll(ports), "events on an unbound port");
      Check.equal(-1, ports[0], "the array, where there was no event");
    }
  }

  private static void closedChannels(Side side) throws Exception {
    EventChannels channels = side.xen().openEventChannels();
    int port = channels.bindUnbound(side.peerDomain());
    channels.close();
    channels.close();
    Check.refused("polling", () -> channels.poll(new int[1]));
    Check.refused("notifying", () -> channels.notify(port));
    Check.refused("binding", () -> channels.bindUnbound(side.peerDomain()));
  }
}
