package io.xenshm.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.SimulatedDomain;
import io.xenshm.sim.SimulatedHost;
import io.xenshm.sim.SimulatedHostConfig;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.SharedPages;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class OffersTest {
  private static final int OWN = 1;
  private static final int GONE = 2;
  private static final int OTHER = 3;

  private Path directory;
  private SimulatedHost host;
  private SimulatedXen xen;
  private Offers offers;

  private void start(XenStoreFlavour flavour) throws Exception {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "xenshm-test");
    host =
        SimulatedHost.start(
            SimulatedHostConfig.of(directory.resolve("host"), OTHER).withFlavour(flavour));
    xen = SimulatedXen.open(host.directory(), OWN);
    offers = new Offers(xen, "00000000000000a1");
  }

  @AfterEach
  void stop() throws Exception {
    xen.close();
    host.close();
    Files.delete(directory);
  }

  @ParameterizedTest
  @EnumSource
  void theDirectoryOfOffersGoesWithItsServer(XenStoreFlavour flavour) throws Exception {
    start(flavour);
    offerAndRemove(GONE, 1);
    host.destroyDomain(GONE);

    assertTrue(offers.forget(GONE).get(10, TimeUnit.SECONDS));

    assertEquals(List.of(), directories());
  }

  @ParameterizedTest
  @EnumSource
  void theDirectoryGoesOnceTheLastOfferInItIsRemoved(XenStoreFlavour flavour) throws Exception {
    start(flavour);
    Offers.Published last = publish(offers, GONE, 1);
    host.destroyDomain(GONE);

    assertFalse(offers.forget(GONE).get(10, TimeUnit.SECONDS));
    CompletableFuture<Integer> gone = new CompletableFuture<>();
    new DomainEnds(offers::forget, gone::complete).seemsGone(GONE);
    last.remove();

    assertEquals(GONE, gone.get(10, TimeUnit.SECONDS));
    assertEquals(List.of(), directories());
  }

  /** The hypervisor does not forget a domain whose pages somebody maps. */
  @Test
  void theCDaemonsDomainIsGoneOnceNobodyMapsItsPages() throws Exception {
    start(XenStoreFlavour.C);
    offerAndRemove(GONE, 1);
    SharedPages mapped;
    try (SimulatedXen gone = SimulatedXen.open(host.directory(), GONE)) {
      int reference = gone.grants().grant(OWN, 1).references()[0];
      mapped = xen.grants().map(GONE, reference);
      host.destroyDomain(GONE);
    }

    assertFalse(offers.forget(GONE).get(10, TimeUnit.SECONDS));
    mapped.close();
    CompletableFuture<Integer> gone = new CompletableFuture<>();
    new DomainEnds(offers::forget, gone::complete).seemsGone(GONE);

    assertEquals(GONE, gone.get(10, TimeUnit.SECONDS));
    assertEquals(List.of(), directories());
  }

  @ParameterizedTest
  @EnumSource
  void aServerThatLivesIsNotTakenForGone(XenStoreFlavour flavour) throws Exception {
    start(flavour);
    offerAndRemove(GONE, 1);

    assertFalse(offers.forget(GONE).get(10, TimeUnit.SECONDS));

    assertEquals(List.of("2"), directories());
  }

  @ParameterizedTest
  @EnumSource
  void directoriesOfServersWhoseEndNobodyNoticedGoWithTheNextNewServer(XenStoreFlavour flavour)
      throws Exception {
    start(flavour);
    offerAndRemove(GONE, 1);
    host.destroyDomain(GONE);

    offerAndRemove(OTHER, 2);

    awaitDirectories(List.of("3"));
  }

  @ParameterizedTest
  @EnumSource
  void theDirectoryThatAnotherProcessMadeForANewDomainWithTheNumberStays(XenStoreFlavour flavour)
      throws Exception {
    start(flavour);
    offerAndRemove(GONE, 1);
    host.destroyDomain(GONE);
    host.addDomain(SimulatedDomain.of(GONE));
    Offers ofAnotherProcess = new Offers(xen, "00000000000000a2");
    publish(ofAnotherProcess, GONE, 2).remove();

    assertFalse(offers.forget(GONE).get(10, TimeUnit.SECONDS));

    assertEquals(List.of("2"), directories());
    assertNotNull(host.xenStore().read(StorePaths.offers(OWN, GONE)));
  }

  @ParameterizedTest
  @EnumSource
  void whereXenStoreLostItsContentsOnlyServersWithLinksGetTheirDirectoriesAtOnce(
      XenStoreFlavour flavour) throws Exception {
    start(flavour);
    offerAndRemove(GONE, 1);
    offerAndRemove(OTHER, 2);
    host.xenStore().remove(StorePaths.offers(OWN));

    offers.makeDirectoriesAgain(server -> server == OTHER);

    assertEquals(List.of("3"), directories());
    offerAndRemove(GONE, 1);
    assertEquals(List.of("2", "3"), directories().stream().sorted().toList());
  }

  private void offerAndRemove(int server, int process) throws Exception {
    publish(offers, server, process).remove();
  }

  private static Offers.Published publish(Offers offers, int server, int process) throws Exception {
    String listener = String.format("%016x", process);
    Offers.Published published =
        offers.publish(server, new Offer(LinkKind.STREAM, 80, listener, 40000, 1, 1, 1));
    published.written().get(10, TimeUnit.SECONDS);
    return published;
  }

  private List<String> directories() throws Exception {
    return Sweeper.children(xen.xenStore(), StorePaths.offers(OWN)).get(10, TimeUnit.SECONDS);
  }

  private void awaitDirectories(List<String> expected) throws Exception {
    List<String> seen = directories();
    for (int i = 0; i < 1000 && !seen.equals(expected); i++) {
      seen = directories();
    }
    assertEquals(expected, seen);
  }
}
