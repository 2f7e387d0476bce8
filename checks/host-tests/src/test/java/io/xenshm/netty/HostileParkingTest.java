package io.xenshm.netty;

import static io.xenshm.link.HostileClient.ACCEPTED;
import static io.xenshm.link.HostileClient.OFFERED;
import static io.xenshm.link.HostileClient.REFUSED;
import static io.xenshm.netty.Received.get;
import static io.xenshm.netty.TwoDomains.CLIENT;
import static io.xenshm.netty.TwoDomains.done;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.xenshm.link.HostileClient;
import io.xenshm.link.HostileServer;
import io.xenshm.link.Parking;
import io.xenshm.xen.Xen;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Attacks with memory that stays mapped after the end of a connection; the numbers are those of
 * docs/trust.md.
 */
@Timeout(60)
class HostileParkingTest {
  private static final int NO_LISTENER = 1;

  private HostileSite site;
  private HostileClient attacker;

  @BeforeEach
  void start() throws Exception {
    site = new HostileSite();
    attacker = site.attacker();
  }

  @AfterEach
  void othersAreStillServed() throws Exception {
    site.close();
  }

  private void parked(HostileClient client) throws Exception {
    assertEquals(ACCEPTED, site.offer(client));
    Received child = site.nextChild();
    client.park();
    get(child.inactive);
  }

  @Test
  void memoryThatIsOfferedAgainCarriesTheNextConnection() throws Exception {
    parked(attacker);
    attacker.offerAgain(site.port);
    assertEquals(ACCEPTED, attacker.awaitAnswer());
    Received child = site.nextChild();
    attacker.memory().set(ValueLayout.JAVA_BYTE, Xen.PAGE_SIZE, (byte) 42);
    attacker.publish(1);
    assertArrayEquals(new byte[] {42}, child.awaitBytes(1));
  }

  @Test
  void a38OfferForAPortWhereNobodyListensIsRefused() throws Exception {
    parked(attacker);
    attacker.offerAgain(site.port == 1 ? 2 : 1);
    assertEquals(REFUSED, attacker.awaitAnswer());
    assertEquals(NO_LISTENER, attacker.get(HostileClient.REASON));
    attacker.awaitUnmapped();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 50001, 1",
    "65536, 50001, 1",
    "-1, 50001, 1",
    "80, 0, 1",
    "80, 65536, 1",
    "80, 50001, 0",
    "80, 50001, -1"
  })
  void a38OfferWithWordsThatNoHonestClientWritesEndsTheMemory(
      int listenerPort, int clientPort, int eventChannelPort) throws Exception {
    parked(attacker);
    attacker.offerAgain(attacker.port(), listenerPort, clientPort, eventChannelPort);
    attacker.awaitUnmapped();
    assertEquals(OFFERED, attacker.get(HostileClient.STATE));
    assertTrue(site.children.isEmpty());
  }

  @Test
  void a38OfferWithAPortThatCannotBeBoundEndsTheMemory() throws Exception {
    parked(attacker);
    attacker.offerAgain(attacker.port(), site.port, 50_001, 4000);
    assertEquals(REFUSED, attacker.awaitAnswer());
    attacker.awaitUnmapped();
  }

  @ParameterizedTest
  @CsvSource({"0", "2", "3", "4", "77", "-1"})
  void a38StateThatIsNoOfferEndsTheMemory(int state) throws Exception {
    parked(attacker);
    attacker.set(HostileClient.STATE, state);
    attacker.ring();
    attacker.awaitUnmapped();
    assertTrue(site.children.isEmpty());
  }

  @Test
  void a39MemoryThatIsNeverOfferedAgainIsUnmapped() throws Exception {
    parked(attacker);
    attacker.awaitUnmapped();
    assertEquals(HostileClient.RELEASED, attacker.get(HostileClient.STATE));
  }

  @Test
  void a40OneDomainsMemoryWaitsUpToALimit() throws Exception {
    List<HostileClient> attackers = new ArrayList<>();
    for (int i = 0; i <= HostileClient.MAX_PARKED; i++) {
      HostileClient another = site.attacker();
      assertEquals(ACCEPTED, site.offer(another));
      site.nextChild();
      attackers.add(another);
    }
    HostileClient last = attackers.remove(attackers.size() - 1);
    for (HostileClient each : attackers) {
      each.park();
    }
    last.close(HostileClient.MAY_PARK);
    last.awaitUnmapped();
    assertEquals(ACCEPTED, last.get(HostileClient.STATE));
  }

  @Test
  void a41ServerThatUnmapsWhatIsOfferedAgainGetsAnOfferInXenStore() throws Exception {
    try (HostileServer server = new HostileServer(site.attackerXen, 4321, "1 stream xen")) {
      Channel first = connectTo(server);
      first.close().sync();
      server.park();
      Parking.await(site.domains.clientXen, 1);
      ChannelFuture second = connect();
      assertEquals(OFFERED, server.awaitChange(HostileServer.STATE, HostileServer.PARKED));
      server.pretendDeath();
      server.awaitOffer(CLIENT).answer(HostileServer.ACCEPTED);
      assertTrue(done(second).isActive());
    }
  }

  @Test
  void a41ServerThatNeverAnswersWhatIsOfferedAgainIsGivenUp() throws Exception {
    try (HostileServer server = new HostileServer(site.attackerXen, 4321, "1 stream xen")) {
      connectTo(server).close().sync();
      server.park();
      Parking.await(site.domains.clientXen, 1);
      Throwable failure = connect().awaitUninterruptibly().cause();
      assertTrue(failure.getMessage().contains("no answer from"), failure.getMessage());
      assertEquals(HostileClient.ABANDONED, server.get(HostileServer.STATE));
    }
  }

  @Test
  void a41ServerThatAnswersWithAStateThatThereIsNotIsGivenUp() throws Exception {
    try (HostileServer server = new HostileServer(site.attackerXen, 4321, "1 stream xen")) {
      connectTo(server).close().sync();
      server.park();
      Parking.await(site.domains.clientXen, 1);
      ChannelFuture second = connect();
      assertEquals(OFFERED, server.awaitChange(HostileServer.STATE, HostileServer.PARKED));
      server.set(HostileServer.STATE, 77);
      Throwable failure = second.awaitUninterruptibly().cause();
      assertTrue(failure.getMessage().contains("state 77"), failure.getMessage());
    }
  }

  private Channel connectTo(HostileServer server) throws Exception {
    ChannelFuture connect = connect();
    server.awaitOffer(CLIENT).answer(HostileServer.ACCEPTED);
    return done(connect);
  }

  private ChannelFuture connect() {
    return site.domains
        .client(new Received())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 2000)
        .connect(new XenShmAddress(HostileSite.ATTACKER, 4321));
  }
}
