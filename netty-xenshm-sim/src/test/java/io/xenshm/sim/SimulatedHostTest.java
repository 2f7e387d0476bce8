package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import io.xenshm.xen.XenStore;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedHostTest {
  private Path directory;
  private SimulatedHost host;

  @BeforeEach
  void start() throws IOException {
    directory = TestDirectories.create();
    host = SimulatedHost.start(SimulatedHostConfig.of(directory, 2));
  }

  @AfterEach
  void stop() {
    host.close();
  }

  @Test
  void aDirectoryThatIsNoHostsIsNamedWithTheNextStep(@TempDir Path other) {
    XenException refusal =
        assertThrows(XenException.class, () -> SimulatedXen.open(other, 1).close());
    assertEquals(
        other
            + " is not a simulated Xen host; start one with: xenshm sim "
            + other
            + " --domains 2",
        refusal.getMessage());
  }

  @Test
  void aDomainThatIsNotThereIsNamedWithThoseThatAre() {
    XenException refusal =
        assertThrows(XenException.class, () -> SimulatedXen.open(directory, 7).close());
    assertTrue(refusal.getMessage().contains("has no domain 7; it has [0, 1, 2]"), "which ones");
  }

  @Test
  void aPathTooLongForSocketsIsNamed(@TempDir Path other) {
    Path tooLong = other.resolve("x".repeat(120));
    for (XenException refusal :
        List.of(
            assertThrows(XenException.class, () -> SimulatedXen.open(tooLong, 1).close()),
            assertThrows(
                XenException.class,
                () -> SimulatedHost.start(SimulatedHostConfig.of(tooLong, 1)).close()))) {
      assertTrue(refusal.getMessage().contains("too long for Unix sockets"), "the reason");
      assertTrue(refusal.getMessage().contains(tooLong.toString()), "the path");
    }
  }

  @Test
  void aSecondHostInTheDirectoryIsRefused() {
    XenException refusal =
        assertThrows(
            XenException.class,
            () -> SimulatedHost.start(SimulatedHostConfig.of(directory, 1)).close());
    assertTrue(refusal.getMessage().contains("runs in " + directory + " already"), "which one");
  }

  @Test
  void aDirectoryWithOtherFilesIsLeftAlone(@TempDir Path other) throws IOException {
    Path file = Files.writeString(other.resolve("precious"), "data");
    assertThrows(
        XenException.class, () -> SimulatedHost.start(SimulatedHostConfig.of(other, 1)).close());
    assertEquals("data", Files.readString(file));
  }

  @Test
  void aHostThatWasKilledLeavesADirectoryThatSaysSoAndCanBeUsedAgain() throws Exception {
    Path killed = TestDirectories.create();
    ChildJvm child = ChildJvm.start(HostProgram.class, killed.toString());
    SimulatedXen before = SimulatedXen.open(killed, 1);
    child.kill();
    XenException refusal =
        assertThrows(XenException.class, () -> SimulatedXen.open(killed, 1).close());
    assertTrue(refusal.getMessage().contains("is not running"), refusal.getMessage());
    XenException lost = assertThrows(XenException.class, () -> before.grants().grant(2, 1));
    assertTrue(lost.getMessage().contains(killed.toString()), lost.getMessage());
    before.close();
    try (SimulatedHost again = SimulatedHost.start(SimulatedHostConfig.of(killed, 1));
        SimulatedXen xen = SimulatedXen.open(killed, 1)) {
      assertEquals(1, xen.domainId());
      assertEquals(List.of(0, 1), again.domains());
    }
    assertFalse(Files.exists(killed), "the directory is removed at the end");
  }

  @Test
  void pagesAndEventsGoOnWithoutTheHost() throws Exception {
    try (SimulatedXen one = SimulatedXen.open(directory, 1);
        SimulatedXen two = SimulatedXen.open(directory, 2);
        EventPair pair = EventPair.connect(one, two);
        SharedPages granted = one.grants().grant(2, 1)) {
      SharedPages mapped = two.grants().map(1, granted.references());
      mapped.notifyOnUnmap(0, pair.twoChannels(), pair.twoPort());
      granted.memory().set(JAVA_BYTE, 0, (byte) 1);
      pair.twoChannels().notify(pair.twoPort());
      pair.awaitEventAtOne();
      host.close();

      pair.twoChannels().notify(pair.twoPort());
      pair.awaitEventAtOne();
      pair.oneChannels().notify(pair.onePort());
      pair.awaitEventAtTwo();

      XenException refusal =
          assertThrows(XenException.class, () -> pair.oneChannels().bindUnbound(2));
      assertTrue(refusal.getMessage().contains(directory.toString()), refusal.getMessage());
      assertThrows(XenException.class, () -> one.grants().grant(2, 1));

      mapped.close();
      pair.awaitEventAtOne();
      assertEquals((byte) 0, granted.memory().get(JAVA_BYTE, 0));
    }
  }

  @Test
  void theGrantLimitHoldsAndIsGivenBack() throws Exception {
    try (SimulatedXen one = SimulatedXen.open(directory, 1)) {
      SharedPages all = one.grants().grant(2, 1024);
      XenLimitException refusal =
          assertThrows(XenLimitException.class, () -> one.grants().grant(2, 1));
      assertTrue(refusal.getMessage().contains("limit of 1024"), refusal.getMessage());
      assertEquals(1024, host.accounting(1).grantedPages());
      all.close();
      assertEquals(0, host.accounting(1).grantedPages());
      one.grants().grant(2, 1024).close();
    }
  }

  @Test
  void thePortLimitHolds() throws Exception {
    try (SimulatedXen one = SimulatedXen.open(directory, 1)) {
      EventChannels channels = one.openEventChannels();
      for (int i = 0; i < 1023; i++) {
        channels.bindUnbound(2);
      }
      assertThrows(XenLimitException.class, () -> channels.bindUnbound(2));
      channels.close();
      assertEquals(0, host.accounting(1).ports());
    }
  }

  @Test
  void closingAProcessGivesBackWhatItHad() throws Exception {
    DomainAccounting before = host.accounting(1);
    SimulatedXen one = SimulatedXen.open(directory, 1);
    SimulatedXen two = SimulatedXen.open(directory, 2);
    SharedPages granted = one.grants().grant(2, 5);
    two.grants().map(1, granted.references());
    EventPair.connect(one, two);
    assertEquals(5, host.accounting(2).mappedPages());
    assertEquals(1, host.accounting(1).ports());
    one.close();
    assertEquals(5, host.accounting(1).deferredPages());
    two.close();
    one.close();
    Await.until("the slow list is empty", () -> host.accounting(1).deferredPages() == 0);
    Await.until("both are gone", () -> host.accounting(1).equals(before));
    assertEquals(0, host.accounting(2).mappedPages());
    try (var pages = Files.list(directory.resolve("pages"));
        var doorbells = Files.list(directory.resolve("doorbells"))) {
      assertEquals(0, pages.count() + doorbells.count(), "files left");
    }
  }

  @Test
  void xenStoreHoldsWhatTheToolstackWrites() throws Exception {
    SimulatedDomain guest =
        SimulatedDomain.parse("5=10.1.2.3,00:16:3E:AA:BB:CC,backnet").withName("web");
    host.addDomain(guest);
    try (SimulatedXen five = SimulatedXen.open(directory, 5);
        SimulatedXen one = SimulatedXen.open(directory, 1)) {
      XenStore store = five.xenStore();
      String backEnd = "/local/domain/0/backend/vif/5/0";
      assertEquals("web", get(store.readString("name")));
      assertEquals("5", get(store.readString("domid")));
      assertEquals("10.1.2.3", get(store.readString(backEnd + "/ip")));
      assertEquals("00:16:3e:aa:bb:cc", get(store.readString(backEnd + "/mac")));
      assertEquals("backnet", get(store.readString(backEnd + "/bridge")));
      assertEquals(backEnd, get(store.readString("device/vif/0/backend")));
      String vm = get(store.readString("vm"));
      assertEquals("web", get(store.readString(vm + "/name")));
      assertEquals(vm, "/vm/" + get(store.readString(vm + "/uuid")));
      get(store.write("data/mine", "1"));
      get(store.write("device/vif/0/mac", "00:00:00:00:00:00"));
      assertRefused(store.write("name", "other"));
      assertRefused(store.write(backEnd + "/ip", "10.9.9.9"));
      assertRefused(one.xenStore().read(backEnd + "/ip"));
      assertRefused(one.xenStore().read("/local/domain/5/data/mine"));

      SimXenStore daemon = host.xenStore();
      assertNotNull(daemon.read(vm + "/uuid"));
      host.destroyDomain(5);
      for (String path : List.of("/local/domain/5", "/local/domain/0/backend/vif/5", vm)) {
        assertEquals(null, daemon.read(path), path);
      }
    }
  }

  @Test
  void theRuntimeDirectoryIsEmptyAfterARestartOfTheDomain() throws Exception {
    try (SimulatedXen one = SimulatedXen.open(directory, 1)) {
      Files.writeString(one.runtimeDirectory().resolve("lock"), "");
    }
    host.destroyDomain(1);
    host.addDomain(SimulatedDomain.of(1));
    try (SimulatedXen one = SimulatedXen.open(directory, 1);
        var files = Files.list(one.runtimeDirectory())) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void whatIsNoRequestEndsTheConnectionAndNothingElse() throws Exception {
    ByteBuffer[] frames = {
      ByteBuffer.wrap(new byte[] {-1, -1, -1, 127, 0, 0, 0, 0}),
      ByteBuffer.wrap(new byte[] {1, 0, 0, 0, 0, 0, 0, 0}),
      ByteBuffer.wrap(new byte[] {8, 0, 0, 0, 99, 0, 0, 0}),
      ByteBuffer.wrap(new byte[] {12, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0}),
      ByteBuffer.wrap(new byte[] {16, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, -1, -1, -1, -1}),
    };
    for (ByteBuffer frame : frames) {
      try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        socket.connect(UnixDomainSocketAddress.of(directory.resolve("hypercall/1.sock")));
        socket.write(frame);
        assertEquals(-1, socket.read(ByteBuffer.allocate(1)));
      }
    }
    try (SimulatedXen one = SimulatedXen.open(directory, 1)) {
      one.grants().grant(2, 1).close();
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private static void assertRefused(CompletableFuture<?> future) {
    assertThrows(ExecutionException.class, () -> get(future));
  }
}
