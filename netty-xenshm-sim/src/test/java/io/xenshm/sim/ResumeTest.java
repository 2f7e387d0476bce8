package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenStore.Permission;
import io.xenshm.xen.XenStoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guest and its peers have after it was suspended and resumed. */
@Timeout(60)
class ResumeTest {
  private static final int GUEST = 1;
  private static final int PEER = 2;
  private static final int RESUMED = 7;

  private Path directory;
  private SimulatedHost host;
  private SimulatedXen guest;
  private SimulatedXen peer;

  @BeforeEach
  void start() throws IOException {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "xenshm-resume");
    host = SimulatedHost.start(SimulatedHostConfig.of(directory.resolve("host"), 2));
    guest = SimulatedXen.open(host.directory(), GUEST);
    peer = SimulatedXen.open(host.directory(), PEER);
  }

  @AfterEach
  void stop() throws IOException {
    guest.close();
    peer.close();
    host.close();
    Files.delete(directory);
  }

  private void resume() throws IOException {
    host.suspendAndResume(GUEST, RESUMED);
    assertTrue(guest.refresh(RESUMED, true));
    assertEquals(RESUMED, guest.domainId());
  }

  @Test
  void portsOfBeforeAreVoidAndThePeerIsNotTold() throws Exception {
    try (EventChannels before = guest.openEventChannels();
        EventChannels channels = peer.openEventChannels()) {
      int port = before.bindUnbound(PEER);
      int peerPort = channels.bindInterdomain(GUEST, port);
      int[] ports = new int[4];
      assertEquals(1, channels.poll(ports)); // binding raises one
      channels.unmask(ports, 1);

      resume();

      assertThrows(XenException.class, () -> before.notify(port));
      assertThrows(XenException.class, () -> before.bindUnbound(PEER));
      channels.notify(peerPort); // goes nowhere
      assertEquals(0, channels.poll(ports));
      assertEquals(0, before.poll(ports));
      assertEquals(0, host.accounting(RESUMED).ports());
    }
  }

  @Test
  void newPortsAndGrantsWorkUnderTheNewNumber() throws Exception {
    resume();
    try (EventChannels fresh = guest.openEventChannels();
        EventChannels channels = peer.openEventChannels();
        SharedPages granted = guest.grants().grant(PEER, 1);
        SharedPages mapped = peer.grants().map(RESUMED, granted.references())) {
      int port = fresh.bindUnbound(PEER);
      channels.bindInterdomain(RESUMED, port);
      fresh.notify(port);
      assertEquals(1, channels.poll(new int[4]));
      granted.memory().set(JAVA_BYTE, 5, (byte) 42);
      assertEquals(42, mapped.memory().get(JAVA_BYTE, 5));
    }
  }

  @Test
  void grantsOfBeforeCannotBeMappedAndMappingsOfBeforeStayButAreSharedNoMore() throws Exception {
    try (SharedPages granted = guest.grants().grant(PEER, 1);
        SharedPages mapped = peer.grants().map(GUEST, granted.references())) {
      granted.memory().set(JAVA_BYTE, 0, (byte) 1);

      resume();

      assertThrows(XenException.class, () -> peer.grants().map(GUEST, granted.references()));
      assertThrows(XenException.class, () -> peer.grants().map(RESUMED, granted.references()));
      assertEquals(1, mapped.memory().get(JAVA_BYTE, 0));
      assertEquals(1, granted.memory().get(JAVA_BYTE, 0));
      granted.memory().set(JAVA_BYTE, 0, (byte) 2);
      assertEquals(1, mapped.memory().get(JAVA_BYTE, 0));
      mapped.memory().set(JAVA_BYTE, 0, (byte) 3);
      assertEquals(2, granted.memory().get(JAVA_BYTE, 0));
      assertEquals(0, host.accounting(RESUMED).grantedPages());
    }
    assertEquals(0, host.accounting(PEER).mappedPages());
  }

  @Test
  void anUnmapNotificationOfBeforeTellsNobody() throws Exception {
    try (EventChannels before = guest.openEventChannels();
        EventChannels channels = peer.openEventChannels();
        SharedPages granted = peer.grants().grant(GUEST, 1)) {
      int peerPort = channels.bindUnbound(GUEST);
      int port = before.bindInterdomain(PEER, peerPort);
      SharedPages mapped = guest.grants().map(PEER, granted.references());
      granted.memory().set(JAVA_BYTE, 0, (byte) 1);
      mapped.notifyOnUnmap(0, before, port);

      resume();
      mapped.close();

      assertEquals(1, granted.memory().get(JAVA_BYTE, 0));
      assertEquals(0, channels.poll(new int[4]));
    }
  }

  @Test
  void theNodesAreGoneAndEachWatchFiresOnce() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    get(guest.xenStore().watch("domid", seen::add));
    get(guest.xenStore().watch("/local/domain", seen::add));
    assertEquals("domid", take(seen));
    assertEquals("/local/domain", take(seen));
    get(guest.xenStore().write("data/mine", "1"));
    assertEquals("/local/domain/1/data/mine", take(seen));
    final int connection = guest.xenStore().connection();
    get(guest.xenStore().setPermissions("data/mine", Permission.list("n" + GUEST, "r" + PEER)));
    BlockingQueue<String> peerSaw = new LinkedBlockingQueue<>();
    get(peer.xenStore().watch("/local/domain/1/data/mine", peerSaw::add));
    take(peerSaw);
    String vm = get(guest.xenStore().readString("vm"));
    seen.clear();

    resume();

    assertTrue(take(peerSaw).startsWith("/local/domain/1"));
    while (!take(seen).equals("domid")) {
      // changes of the toolstack's, and the other watch
    }
    assertEquals("" + RESUMED, get(guest.xenStore().readString("domid")));
    assertEquals(vm, get(guest.xenStore().readString("vm")));
    ExecutionException missing =
        assertThrows(ExecutionException.class, () -> get(guest.xenStore().readString("data/mine")));
    assertEquals(XenStoreException.Code.ENOENT, ((XenStoreException) missing.getCause()).code());
    assertEquals(connection, guest.xenStore().connection());
    get(guest.xenStore().write("data/again", "1"));
    assertEquals("1", host.xenStore().read("/local/domain/7/data/again"));
  }

  @Test
  void theOldNumberIsFreeAndOthersAreRefused() throws Exception {
    assertThrows(XenException.class, () -> host.suspendAndResume(GUEST, PEER));
    assertThrows(XenException.class, () -> host.suspendAndResume(9, 10));
    assertThrows(XenException.class, () -> host.suspendAndResume(0, 10));
    assertFalse(guest.refresh(GUEST, true));
    resume();
    host.addDomain(SimulatedDomain.of(GUEST).withName("another"));
    try (SimulatedXen other = SimulatedXen.open(host.directory(), GUEST);
        SimulatedXen sibling = SimulatedXen.open(host.directory(), RESUMED)) {
      assertEquals(GUEST, other.domainId());
      assertEquals(guest.runtimeDirectory(), sibling.runtimeDirectory());
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static String take(BlockingQueue<String> queue) throws InterruptedException {
    String taken = queue.poll(20, TimeUnit.SECONDS);
    assertTrue(taken != null, "nothing came");
    return taken;
  }
}
