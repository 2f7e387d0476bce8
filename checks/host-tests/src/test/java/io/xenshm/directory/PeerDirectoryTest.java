package io.xenshm.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.directory.PeerLookup.Outcome;
import io.xenshm.sim.Await;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.sim.TestDirectories;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenStore;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The lookup in domain 1, with tables that the test writes as dom0. */
@Timeout(120)
final class PeerDirectoryTest {
  private static final String PEERS = "/local/domain/1/xenshm/peers";
  private static final String UUID = "0f5ab4f6-1d27-4c71-8c60-8a1d6e2f0002";
  private static final InetAddress PEER = IpAddresses.parse("10.0.0.2");

  @Nested
  final class WithTheDaemonInC extends Scenarios {
    WithTheDaemonInC() throws IOException {
      super(XenStoreFlavour.C);
    }
  }

  @Nested
  final class WithTheDaemonInOcaml extends Scenarios {
    WithTheDaemonInOcaml() throws IOException {
      super(XenStoreFlavour.OCAML);
    }
  }

  abstract static class Scenarios {
    @TempDir private Path temporary;
    private final SimulatedHost host;
    private final Xen xen;
    private PeerDirectory directory;

    Scenarios(XenStoreFlavour flavour) throws IOException {
      host =
          SimulatedHost.start(
              SimulatedHostConfig.of(TestDirectories.create(), 3)
                  .withFlavour(flavour)
                  .withoutAgent());
      xen = SimulatedXen.open(host.directory(), 1);
    }

    @AfterEach
    void stop() {
      if (directory != null) {
        directory.close();
      }
      xen.close();
      host.close();
    }

    private void open() {
      open("");
    }

    private void open(String explicit) {
      directory = PeerDirectories.open(xen, new ExplicitPeers(explicit), null);
    }

    private void write(String node, String value) throws IOException {
      host.xenStore().write("/local/domain/1/xenshm", "", "n0", "r1");
      host.xenStore().write(PEERS + node, value, "n0", "r1");
    }

    private void writePeers() throws IOException {
      write("", "");
      write("/xenbr0", "");
      write("/xenbr0/10-0-0-1", "1 1 - 00:16:3e:00:00:01 own");
      write("/xenbr0/10-0-0-2", "1 2 " + UUID + " 00:16:3e:00:00:02 web 1");
      write("/xenbr0/fd00_0_0_0_0_0_0_2", "1 2 " + UUID + " 00:16:3e:00:00:02 web 1");
      write("/xenbr0/mac-00163e000003", "1 3 - 00:16:3e:00:00:03 bare");
    }

    private PeerLookup lookup(String address) throws Exception {
      return directory
          .lookup(IpAddresses.parse(address))
          .toCompletableFuture()
          .get(60, TimeUnit.SECONDS);
    }

    private void awaitOutcome(Outcome outcome, String address) throws Exception {
      Await.until(outcome + " for " + address, () -> lookup(address).outcome() == outcome);
    }

    @Test
    void saysThatThereIsNoTable() throws Exception {
      open();
      assertEquals(Outcome.NO_TABLE, lookup("10.0.0.2").outcome());
      assertNull(directory.addressOf(2));
    }

    @Test
    void anEmptyTableIsATable() throws Exception {
      write("", "");
      open();
      assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.2").outcome());
    }

    @Test
    void findsAGuestByEachOfItsAddresses() throws Exception {
      writePeers();
      open();
      Peer peer = new Peer(2, "xenbr0", UUID, "web 1");
      assertEquals(new PeerLookup(Outcome.CO_RESIDENT, peer), lookup("10.0.0.2"));
      assertEquals(new PeerLookup(Outcome.CO_RESIDENT, peer), lookup("fd00::2"));
      assertEquals(new PeerLookup(Outcome.NOT_CO_RESIDENT, null), lookup("10.0.0.3"));
      assertEquals(PEER, directory.addressOf(2));
      assertNull(directory.addressOf(3));
    }

    @Test
    void knowsItsOwnAddress() throws Exception {
      writePeers();
      open("10.9.9.9=1");
      assertEquals(new PeerLookup(Outcome.OWN_DOMAIN, null), lookup("10.0.0.1"));
      assertEquals(new PeerLookup(Outcome.OWN_DOMAIN, null), lookup("10.9.9.9"));
    }

    @Test
    void theSameAddressOnTwoNetworksIsAmbiguous() throws Exception {
      writePeers();
      write("/xenbr1", "");
      write("/xenbr1/10-0-0-2", "1 3 - 00:16:3e:00:01:03 other");
      write("/xenbr1/10-0-0-3", "1 3 - 00:16:3e:00:01:03 other");
      write("/xenbr1/fd00_0_0_0_0_0_0_2", "1 2 " + UUID + " 00:16:3e:00:01:02 web 1");
      open();
      assertEquals(new PeerLookup(Outcome.AMBIGUOUS, null), lookup("10.0.0.2"));
      assertEquals(Outcome.CO_RESIDENT, lookup("fd00::2").outcome());
      assertEquals(IpAddresses.parse("fd00::2"), directory.addressOf(2));
      assertEquals(IpAddresses.parse("10.0.0.3"), directory.addressOf(3));
    }

    @Test
    void followsTheTable() throws Exception {
      open();
      assertEquals(Outcome.NO_TABLE, lookup("10.0.0.2").outcome());
      writePeers();
      awaitOutcome(Outcome.CO_RESIDENT, "10.0.0.2");
      host.xenStore().remove(PEERS + "/xenbr0/10-0-0-2");
      awaitOutcome(Outcome.NOT_CO_RESIDENT, "10.0.0.2");
      host.xenStore().remove("/local/domain/1/xenshm");
      awaitOutcome(Outcome.NO_TABLE, "10.0.0.2");
    }

    @Test
    void neverShowsHalfOfATransaction() throws Exception {
      open();
      lookup("10.0.0.2");
      try (SimulatedXen dom0 = SimulatedXen.open(host.directory(), 0)) {
        for (int round = 0; round < 30; round++) {
          String domain = Integer.toString(2 + round % 2);
          CompletableFuture<Void> written =
              dom0.xenStore()
                  .transaction(
                      tx ->
                          tx.write(PEERS + "/xenbr0/10-0-0-2", "1 " + domain + " - - a")
                              .thenCompose(
                                  ok ->
                                      tx.write(
                                          PEERS + "/xenbr0/10-0-0-3", "1 " + domain + " - - a")));
          while (!written.isDone()) {
            checkNotMixed();
          }
          written.join();
          checkNotMixed();
        }
      }
    }

    /** Both addresses are one domain's in every version: so exactly one domain has an address. */
    private void checkNotMixed() {
      InetAddress two = directory.addressOf(2);
      InetAddress three = directory.addressOf(3);
      // the version may change between the two calls, but each has 10.0.0.2 as the first address
      assertTrue(two == null || two.equals(PEER), () -> "half a table: " + two);
      assertTrue(three == null || three.equals(PEER), () -> "half a table: " + three);
    }

    @Test
    void asksXenStoreNothingPerLookup() throws Exception {
      writePeers();
      AtomicInteger calls = new AtomicInteger();
      XenStore counting = counting(xen.xenStore(), calls);
      StorePeerDirectory counted = new StorePeerDirectory(counting, 1, new ExplicitPeers(""), null);
      counted.start();
      directory = counted;
      lookup("10.0.0.2");
      // the watch on the peer's listeners looks once
      Await.until("the watch of the peer", () -> calls.get() >= 4);
      xen.xenStore().read("domid").get(60, TimeUnit.SECONDS);
      int before = calls.get();
      for (int i = 0; i < 1000; i++) {
        assertTrue(counted.lookup(PEER).toCompletableFuture().isDone());
        lookup("10.0.0.77");
      }
      assertEquals(before, calls.get());
    }

    private static XenStore counting(XenStore store, AtomicInteger calls) {
      return (XenStore)
          Proxy.newProxyInstance(
              XenStore.class.getClassLoader(),
              new Class<?>[] {XenStore.class},
              (proxy, method, arguments) -> {
                calls.incrementAndGet();
                try {
                  return method.invoke(store, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    @Test
    void anExplicitEntryWins() throws Exception {
      writePeers();
      open("10.0.0.2=3,10.5.5.5=2");
      assertEquals(3, lookup("10.0.0.2").peer().domainId());
      assertEquals(2, lookup("10.5.5.5").peer().domainId());
      assertEquals(Outcome.CO_RESIDENT, lookup("fd00::2").outcome());
      assertEquals(PEER, directory.addressOf(3));
      assertEquals(IpAddresses.parse("10.5.5.5"), directory.addressOf(2));
    }

    @Test
    void explicitEntriesNeedNoAgent() throws Exception {
      open("10.0.0.2=2");
      assertEquals(new Peer(2, "", "", ""), lookup("10.0.0.2").peer());
      assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.3").outcome());
    }

    @Test
    void brokenNodesAreLeftOut() throws Exception {
      writePeers();
      write("/xenbr0/10-0-0-7", "");
      write("/xenbr0/10-0-0-8", "1 8 \u0001");
      write("/xenbr0/10-0-0-999", "1 8 - - x");
      write("/xenbr0/nonsense", "1 8 - - x");
      write("/xenbr0/10-0-0-2/below", "1 8 - - x");
      write("/br_zz/10-0-0-9", "1 8 - - x");
      write("/@", "x");
      open();
      assertEquals(Outcome.CO_RESIDENT, lookup("10.0.0.2").outcome());
      for (String address : List.of("10.0.0.7", "10.0.0.8", "10.0.0.9")) {
        assertEquals(Outcome.NOT_CO_RESIDENT, lookup(address).outcome());
      }
    }

    @Test
    void aGuestThatIsDestroyedIsGoneWithoutAnAgent() throws Exception {
      writePeers();
      open("10.5.5.5=3");
      for (int id : List.of(2, 3)) {
        host.xenStore().write("/local/domain/" + id + "/data/xenshm/listen", "", "r" + id);
      }
      assertEquals(Outcome.CO_RESIDENT, lookup("10.0.0.2").outcome());
      assertEquals(Outcome.CO_RESIDENT, lookup("10.5.5.5").outcome());
      // both watches were told that the listeners are there
      Await.until("watches", () -> host.xenStore().watches(1) == 3);
      xen.xenStore().read("domid").get(60, TimeUnit.SECONDS);
      xen.xenStore().read("domid").get(60, TimeUnit.SECONDS);
      host.destroyDomain(2);
      awaitOutcome(Outcome.NOT_CO_RESIDENT, "10.0.0.2");
      host.destroyDomain(3);
      awaitOutcome(Outcome.NOT_CO_RESIDENT, "10.5.5.5");
    }

    @Test
    void watchesAreFew() throws Exception {
      StringBuilder explicit = new StringBuilder();
      for (int id = 2; id < 60; id++) {
        explicit.append("10.0.0.").append(id).append('=').append(id).append(',');
      }
      open(explicit.toString());
      for (int id = 2; id < 60; id++) {
        assertEquals(Outcome.CO_RESIDENT, lookup("10.0.0." + id).outcome());
      }
      xen.xenStore().read("domid").get(60, TimeUnit.SECONDS);
      Await.until("few watches", () -> host.xenStore().watches(1) <= 1 + LiveDomains.MAX_WATCHED);
      directory.close();
      Await.until("no watch", () -> host.xenStore().watches(1) == 0);
    }

    @Test
    void findsNothingAfterItsEnd() throws Exception {
      writePeers();
      open("10.5.5.5=3");
      assertEquals(Outcome.CO_RESIDENT, lookup("10.0.0.2").outcome());
      directory.close();
      assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.2").outcome());
      assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.5.5.5").outcome());
      assertNull(directory.addressOf(2));
    }

    @Test
    void comesBackWithXenStore() throws Exception {
      writePeers();
      open();
      assertEquals(Outcome.CO_RESIDENT, lookup("10.0.0.2").outcome());
      host.xenStore().restart();
      for (int id = 0; id <= 3; id++) {
        host.xenStore().createNodes(id);
      }
      awaitOutcome(Outcome.NO_TABLE, "10.0.0.2");
      writePeers();
      awaitOutcome(Outcome.CO_RESIDENT, "10.0.0.2");
    }

    @Test
    void isUnknownWhileXenStoreDoesNotAnswerAndAskedAgainLater() throws Exception {
      host.xenStore().removeDomain(1); // its socket goes too: the client cannot connect again
      Await.until("the loss", () -> !xen.xenStore().isConnected());
      open();
      assertEquals(Outcome.UNKNOWN, lookup("10.0.0.2").outcome());
      host.xenStore().addDomain(1);
      writePeers();
      awaitOutcome(Outcome.CO_RESIDENT, "10.0.0.2");
    }

    @Test
    void findsAGuestByTheNeighbourTableWhereThatIsWanted() throws Exception {
      writePeers();
      Path arp = temporary.resolve("arp");
      Files.writeString(
          arp,
          """
          IP address       HW type     Flags       HW address            Mask     Device
          10.0.0.33        0x1         0x2         00:16:3E:00:00:03     *        eth0
          10.0.0.44        0x1         0x0         00:16:3e:00:00:03     *        eth0
          10.0.0.55        0x1         0x2         00:16:3e:99:99:99     *        eth0
          10.0.0.2         0x1         0x2         00:16:3e:00:00:03     *        eth0
          broken
          """);
      directory = PeerDirectories.open(xen, new ExplicitPeers(""), new Neighbours(arp));
      assertEquals(3, lookup("10.0.0.33").peer().domainId());
      assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.44").outcome());
      assertEquals(Outcome.NOT_CO_RESIDENT, lookup("10.0.0.55").outcome());
      // what dom0 wrote goes before what answered ARP, in both directions
      assertEquals(2, lookup("10.0.0.2").peer().domainId());
      assertEquals(IpAddresses.parse("10.0.0.33"), directory.addressOf(3));
    }

    @Test
    void malformedPropertiesAreNamed() {
      System.setProperty(PeerDirectories.PEERS_PROPERTY, "10.0.0.2=two");
      try {
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, () -> PeerDirectories.open(xen));
        assertTrue(e.getMessage().contains("'10.0.0.2=two'"), e.getMessage());
      } finally {
        System.clearProperty(PeerDirectories.PEERS_PROPERTY);
      }
    }
  }
}
