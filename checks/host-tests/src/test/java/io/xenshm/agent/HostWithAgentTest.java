package io.xenshm.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.xenshm.directory.IpAddresses;
import io.xenshm.directory.Peer;
import io.xenshm.directory.PeerDirectories;
import io.xenshm.directory.PeerDirectory;
import io.xenshm.directory.PeerLookup;
import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.sim.Await;
import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedLimits;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.sim.TestDirectories;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A simulated host's agent and the lookup in its guests, together. */
@Timeout(120)
final class HostWithAgentTest {
  private SimulatedHost host;
  private SimulatedXen xen;
  private PeerDirectory directory;

  private void start(XenStoreFlavour flavour, String... domains) throws Exception {
    List<SimulatedDomain> parsed = Stream.of(domains).map(SimulatedDomain::parse).toList();
    host =
        SimulatedHost.start(
            new SimulatedHostConfig(
                TestDirectories.create(), flavour, SimulatedLimits.DEFAULT, parsed));
    open(1);
  }

  private void open(int domain) throws Exception {
    closeGuest();
    xen = SimulatedXen.open(host.directory(), domain);
    directory = PeerDirectories.open(xen);
  }

  private void closeGuest() {
    if (xen != null) {
      directory.close();
      xen.close();
    }
  }

  @AfterEach
  void stop() {
    closeGuest();
    host.close();
  }

  private PeerLookup lookup(String address) throws Exception {
    InetAddress parsed = IpAddresses.parse(address);
    return directory.lookup(parsed).toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private void awaitOutcome(Outcome outcome, String address) throws Exception {
    Await.until(outcome + " for " + address, () -> lookup(address).outcome() == outcome);
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void guestsFindEachOtherAsSoonAsTheHostIsStarted(XenStoreFlavour flavour) throws Exception {
    start(flavour, "1", "2", "3=fd00::3");
    Peer peer = lookup("127.0.2.1").peer();
    assertEquals(2, peer.domainId());
    assertEquals("xenbr0", peer.network());
    assertEquals("domain-2", peer.name());
    assertEquals(36, peer.uuid().length());
    assertEquals(3, lookup("fd00::3").peer().domainId());
    assertEquals(Outcome.OWN_DOMAIN, lookup("127.0.1.1").outcome());
    assertEquals(Outcome.NOT_CO_RESIDENT, lookup("192.0.2.1").outcome());
    assertEquals(IpAddresses.parse("127.0.2.1"), directory.addressOf(2));
    assertEquals(IpAddresses.parse("127.0.1.1"), directory.addressOf(1));
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void theSameAddressOnTwoNetworksIsNeverMixedUp(XenStoreFlavour flavour) throws Exception {
    start(
        flavour,
        "1=10.0.0.1,00:16:3e:00:00:01,left",
        "2=10.0.0.9,00:16:3e:00:00:02,left",
        "3=10.0.0.2,00:16:3e:00:00:03,right",
        "4=10.0.0.9,00:16:3e:00:00:04,right");
    assertEquals(2, lookup("10.0.0.9").peer().domainId());
    assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.2").outcome());
    assertNull(directory.addressOf(4));
    open(3);
    assertEquals(4, lookup("10.0.0.9").peer().domainId());
    assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.1").outcome());
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void guestsComeAndGo(XenStoreFlavour flavour) throws Exception {
    start(flavour, "1", "2");
    assertEquals(Outcome.NOT_CO_RESIDENT, lookup("127.0.3.1").outcome());
    host.addDomain(SimulatedDomain.of(3));
    awaitOutcome(Outcome.CO_RESIDENT, "127.0.3.1");
    host.destroyDomain(2);
    awaitOutcome(Outcome.NOT_CO_RESIDENT, "127.0.2.1");
    host.addDomain(SimulatedDomain.of(2));
    awaitOutcome(Outcome.CO_RESIDENT, "127.0.2.1");
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void aDeadAgentLeavesTheTableAndNewGuestsAreNotFound(XenStoreFlavour flavour) throws Exception {
    start(flavour, "1", "2");
    host.stopAgent();
    assertEquals(Outcome.CO_RESIDENT, lookup("127.0.2.1").outcome());
    host.addDomain(SimulatedDomain.of(3));
    xen.xenStore().read("domid").get(60, TimeUnit.SECONDS);
    assertEquals(Outcome.NOT_CO_RESIDENT, lookup("127.0.3.1").outcome());
    open(3);
    assertEquals(Outcome.NO_TABLE, lookup("127.0.2.1").outcome());
    host.startAgent();
    awaitOutcome(Outcome.CO_RESIDENT, "127.0.2.1");
  }

  @ParameterizedTest
  @EnumSource(XenStoreFlavour.class)
  void aGuestThatClaimsAnothersAddressIsNotBelieved(XenStoreFlavour flavour) throws Exception {
    start(flavour, "1", "2", "3");
    try (SimulatedXen liar = SimulatedXen.open(host.directory(), 3)) {
      for (String node : List.of("attr/vif/0/ipv4/0", "attr/eth0/ip", "data/xenshm/vif/0/ip")) {
        liar.xenStore().write(node, "127.0.2.1").get(60, TimeUnit.SECONDS);
      }
      liar.xenStore().write("device/vif/0/mac", "00:16:3e:00:00:02").get(60, TimeUnit.SECONDS);
      // the agent looks at everything anew
      host.addDomain(SimulatedDomain.of(4));
      awaitOutcome(Outcome.CO_RESIDENT, "127.0.4.1");
      assertEquals(2, lookup("127.0.2.1").peer().domainId());
      assertEquals(3, lookup("127.0.3.1").peer().domainId());
    }
  }
}
