package io.xenshm.netty.attack;

import static io.xenshm.netty.attack.Roles.require;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.xenshm.link.HostileClient;
import io.xenshm.ring.RingViolationException;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenLimitException;
import io.xenshm.xen.XenStore;
import io.xenshm.xen.contract.ContractScenario;
import io.xenshm.xen.contract.Side;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Attacks whose outcome depends on the kernel and on Xen; the numbers are those of docs/trust.md.
 * The first role is honest, the second is not.
 */
public final class AttackScenarios {
  private static final int FIRST_PORT = 4800;
  private static final int ECHOES_IN_STORM = 50;
  private static final int DOM0 = 0;
  private static final int MANY_CONNECTIONS = 1000;

  /** What the honest role says instead of a port. */
  private static final int GIVE_BACK = -1;

  private static final int END = -2;

  private AttackScenarios() {}

  /** Returns all scenarios. */
  public static List<ContractScenario> all() {
    return List.of(
        Roles.hostileClient(
            "a1 an index out of range costs that connection alone",
            victim -> {
              Attacked child = victim.accepted();
              Throwable failure = victim.await("the violation", child.exception);
              require(failure instanceof RingViolationException, "not a violation: " + failure);
              victim.await("the end of the channel", child.inactive);
            },
            attacker -> {
              attacker.connect();
              attacker.client.publish(HostileClient.RING + 1);
            }),
        Roles.hostileClient(
            "a4 references that cannot be mapped are refused",
            victim -> {},
            AttackScenarios::offerWhatCannotBeMapped),
        Roles.hostileClient(
            "a7 pages that their granter takes back stay where they are mapped",
            AttackScenarios::useTakenBackPages,
            attacker -> {
              attacker.connect();
              attacker.client.publish(10);
              attacker.side().receive("read");
              attacker.client.close();
              attacker.side().send("taken back", "all");
            }),
        ContractScenario.of(
            "a11 memory that a peer never unmaps is not used again, and counts against the limit",
            AttackScenarios::connectUpToTheLimit,
            AttackScenarios::keepEverything),
        Roles.hostileClient(
            "a13 a storm of doorbells leaves others served",
            victim -> {
              Attacked child = victim.accepted();
              victim.side().receive("storm is over");
              require(child.active.get().channel().isActive(), "the channel was closed");
            },
            AttackScenarios::storm),
        Roles.hostileClient(
            "a14 data for which nobody rang is read",
            victim -> victim.awaitBytes(victim.accepted(), 1),
            attacker -> {
              attacker.connect();
              attacker.client.set(HostileClient.CONTROL_TO_SERVER, 1);
            }),
        Roles.hostileClient(
            "a20 an offer with another nonce than its page's is refused",
            victim -> {},
            attacker ->
                require(
                    attacker.offer(attacker.client, "[0-9a-f]{16}$", "0".repeat(16))
                        == HostileClient.REFUSED,
                    "the nonce was not looked at")),
        ContractScenario.alone(
            "a21 a connection to the own domain is refused",
            side -> {
              try (Victim victim = new Victim(side)) {
                Throwable cause =
                    victim
                        .ended(victim.connect(side.ownDomain(), FIRST_PORT, new Attacked()))
                        .cause();
                require(
                    cause != null && cause.getMessage().contains("is this one"),
                    "not refused: " + cause);
              }
            }),
        Roles.hostileClient(
            "a22 offers that are removed under a living connection change nothing",
            victim -> victim.awaitBytes(victim.accepted(), 7),
            attacker -> {
              attacker.connect();
              XenStore store = attacker.side().xen().xenStore();
              String offers = "data/xenshm/to/" + attacker.side().peerDomain();
              for (String offer : store.list(offers).get()) {
                store.remove(offers + '/' + offer).get();
              }
              attacker.client.publish(7);
            }));
  }

  /** Stops a guest and lets it go on. */
  public interface Pause {
    /** Stops the second role's guest. */
    void pause() throws Exception;

    /** Lets it go on. */
    void unpause() throws Exception;
  }

  /** Returns the scenario of a guest that is paused, for a host that can do that. */
  public static ContractScenario pausedPeer(Pause pause) {
    return ContractScenario.of(
        "a10 a guest that is paused is given up, and learns it when it goes on",
        side -> {
          try (Victim victim = new Victim(side)) {
            Attacked child = victim.accepted();
            side.receive("connected");
            pause.pause();
            Throwable failure;
            try {
              failure = victim.await("that the silent peer is given up", child.exception);
            } finally {
              pause.unpause();
            }
            require(failure.getMessage().contains("no sign of life"), "given up by " + failure);
            side.receive("end of the connection");
          }
        },
        side -> {
          try (Attacker sleeper = new Attacker(side)) {
            Attacked received = new Attacked();
            Channel channel = sleeper.connectHonestly(received);
            side.send("connected", "it is");
            side.await("the end of the connection", () -> !channel.isOpen());
            side.send("end of the connection", "seen");
          }
        });
  }

  private static void offerWhatCannotBeMapped(Attacker attacker) throws Exception {
    try (HostileClient offering = attacker.another()) {
      offering.set(HostileClient.REFERENCES + 4, 60_000);
      requireRefused(attacker.offer(offering), "a reference that nobody granted");
    }
    try (HostileClient offering = attacker.another()) {
      offering.set(HostileClient.REFERENCES, -1);
      requireRefused(attacker.offer(offering), "a negative reference");
    }
    try (HostileClient offering = attacker.another();
        SharedPages foreign = attacker.side().xen().grants().grant(DOM0, 1)) {
      offering.set(HostileClient.REFERENCES, foreign.references()[0]);
      requireRefused(attacker.offer(offering), "a page that is granted to dom0");
    }
    try (HostileClient offering = attacker.another()) {
      requireRefused(
          attacker.offer(offering, " \\d+ ([0-9a-f]{16})$", " 1000000 $1"),
          "a port that is not there");
    }
    attacker.connect();
  }

  private static void requireRefused(int answer, String what) {
    require(answer == HostileClient.REFUSED, what + " was answered with state " + answer);
  }

  /** The granter shows no sign of life after this, and that ends the connection. */
  private static void useTakenBackPages(Victim victim) throws Exception {
    Attacked child = victim.accepted();
    victim.awaitBytes(child, 10);
    victim.side().send("read", "all");
    victim.side().receive("taken back");
    Channel channel = child.active.get().channel();
    for (int i = 0; i < 100; i++) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000]));
    }
    channel.eventLoop().submit(() -> {}).get();
    victim.await("that the peer is given up", child.exception);
    victim.await("the end of the channel", child.inactive);
  }

  private static void connectUpToTheLimit(Side side) throws Exception {
    try (Victim victim = new Victim(side)) {
      int connections = 0;
      ChannelFuture connect = connectToNext(victim, connections);
      while (connect.isSuccess()) {
        victim.ended(connect.channel().close());
        connections++;
        require(connections < MANY_CONNECTIONS, "memory that is mapped was used again");
        connect = connectToNext(victim, connections);
      }
      require(connections > 0, "no connection: " + connect.cause());
      require(
          connect.cause() instanceof XenLimitException,
          "not the limit ended it: " + connect.cause());
      side.send("order", GIVE_BACK);
      side.receive("given back");
      connect = connectToNext(victim, connections + 1);
      require(connect.isSuccess(), "given back, and not used again: " + connect.cause());
      side.send("order", END);
    }
  }

  private static ChannelFuture connectToNext(Victim victim, int number) throws Exception {
    Side side = victim.side();
    side.send("order", FIRST_PORT + number);
    side.receive("listening");
    return victim.ended(victim.connect(side.peerDomain(), FIRST_PORT + number, new Attacked()));
  }

  private static void keepEverything(Side side) throws Exception {
    // reads the ports of a victim's listeners, of which none is attacked here
    side.receive("ports");
    Deque<KeepingServer> servers = new ArrayDeque<>();
    try {
      int order = side.receiveInt("order");
      while (order != END) {
        if (order == GIVE_BACK) {
          servers.element().pretendToGiveBack();
          side.send("given back", "the first");
        } else {
          servers.add(new KeepingServer(side, order));
          side.send("listening", order);
        }
        order = side.receiveInt("order");
      }
    } finally {
      servers.forEach(KeepingServer::close);
    }
  }

  private static void storm(Attacker attacker) throws Exception {
    attacker.connect();
    AtomicBoolean over = new AtomicBoolean();
    Thread storm =
        new Thread(
            () -> {
              try {
                while (!over.get()) {
                  attacker.client.ring();
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            "storm");
    storm.start();
    try {
      for (int i = 0; i < ECHOES_IN_STORM; i++) {
        attacker.requireNeighbourIsServed();
      }
    } finally {
      over.set(true);
      storm.join();
    }
    attacker.side().send("storm is over", "now");
  }
}
