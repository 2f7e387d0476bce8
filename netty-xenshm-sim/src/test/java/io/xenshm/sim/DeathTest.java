package io.xenshm.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.xenshm.xen.EventChannels;
import io.xenshm.xen.SharedPages;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the peer of a process sees when the process, or its domain, dies. */
class DeathTest {
  private SimulatedHost host;
  private SimulatedXen one;

  @BeforeEach
  void start() throws IOException {
    host = SimulatedHost.start(SimulatedHostConfig.of(TestDirectories.create(), 2));
    one = SimulatedXen.open(host.directory(), 1);
  }

  @AfterEach
  void stop() {
    one.close();
    host.close();
  }

  @Test
  void aKilledProcessIsUnmappedWithByteAndEventAndItsPortsClose() throws Exception {
    DomainAccounting before = host.accounting(2);
    try (EventChannels channels = one.openEventChannels();
        SharedPages page = one.grants().grant(2, 1)) {
      int port = channels.bindUnbound(2);
      ChildJvm child =
          ChildJvm.start(
              GuestProgram.class,
              host.directory().toString(),
              Integer.toString(page.references()[0]),
              Integer.toString(port));
      assertEquals((byte) 1, page.memory().get(JAVA_BYTE, GuestProgram.FLAG));
      try (SharedPages ofChild = one.grants().map(2, child.readyNumbers())) {
        assertEquals((byte) 1, ofChild.memory().get(JAVA_BYTE, GuestProgram.FLAG));
        assertEquals(0, channels.poll(new int[1]), "events while it lives");

        child.kill();

        Await.until("an event", () -> channels.poll(new int[1]) == 1);
        Await.until("no process", () -> host.accounting(2).processes() == 0);
        assertEquals((byte) 0, page.memory().get(JAVA_BYTE, GuestProgram.FLAG));
        assertEquals((byte) 0, ofChild.memory().get(JAVA_BYTE, GuestProgram.FLAG));
        assertEquals(0, host.accounting(2).mappedPages());
        assertEquals(0, host.accounting(2).ports());
        assertEquals(0, host.accounting(2).grantedPages());
        assertEquals(1, host.accounting(2).deferredPages(), "we have it mapped still");
        channels.notify(port);
      }
      Await.until("all is given back", () -> host.accounting(2).equals(before));
      assertEquals(1, host.accounting(1).ports());
      try (SimulatedXen next = SimulatedXen.open(host.directory(), 2);
          EventChannels ofNext = next.openEventChannels()) {
        assertEquals(1, ofNext.bindInterdomain(1, port), "the port is unbound for domain 2");
      }
    }
  }

  @Test
  void aCrashIsAKillToTheHost() throws Exception {
    SimulatedXen two = SimulatedXen.open(host.directory(), 2);
    EventPair pair = EventPair.connect(one, two);
    SharedPages page = one.grants().grant(2, 1);
    SharedPages mapped = two.grants().map(1, page.references());
    page.memory().set(JAVA_BYTE, 7, (byte) 1);
    mapped.notifyOnUnmap(7, pair.twoChannels(), pair.twoPort());

    two.crash();

    pair.awaitEventAtOne();
    assertEquals((byte) 0, page.memory().get(JAVA_BYTE, 7));
    assertThrows(XenException.class, () -> pair.twoChannels().notify(pair.twoPort()));
    assertThrows(XenException.class, () -> two.grants().grant(1, 1));
    page.memory().set(JAVA_BYTE, 7, (byte) 1);
    two.close();
    assertEquals((byte) 1, page.memory().get(JAVA_BYTE, 7), "the dead touch nothing");
    assertEquals(0, pair.oneChannels().poll(new int[1]), "the dead send nothing");
    Await.until("no process", () -> host.accounting(2).processes() == 0);
  }

  @Test
  void aDestroyedDomainIsSilentAndItsPagesStayWithThePeer() throws Exception {
    SimulatedXen two = SimulatedXen.open(host.directory(), 2);
    EventPair pair = EventPair.connect(one, two);
    SharedPages ofOne = one.grants().grant(2, 1);
    SharedPages ofTwo = two.grants().grant(1, 1);
    SharedPages byOne = one.grants().map(2, ofTwo.references());
    SharedPages byTwo = two.grants().map(1, ofOne.references());
    ofOne.memory().set(JAVA_BYTE, 0, (byte) 1);
    ofTwo.memory().set(JAVA_BYTE, 0, (byte) 1);
    byTwo.notifyOnUnmap(0, pair.twoChannels(), pair.twoPort());
    ofTwo.notifyOnUnmap(0, pair.twoChannels(), pair.twoPort());
    String live = "/local/domain/2/data/live";
    two.xenStore().write(live, "").get(60, TimeUnit.SECONDS);
    two.xenStore()
        .setPermissions(live, io.xenshm.xen.XenStore.Permission.list("n2", "r1"))
        .get(60, TimeUnit.SECONDS);
    CountDownLatch fired = new CountDownLatch(2);
    one.xenStore().watch(live, path -> fired.countDown()).get(60, TimeUnit.SECONDS);
    Await.until("the first call", () -> fired.getCount() == 1);

    host.destroyDomain(2);

    assertEquals(true, fired.await(60, TimeUnit.SECONDS), "the node's watch fires");
    assertEquals(0, pair.oneChannels().poll(new int[1]), "events");
    assertEquals((byte) 1, ofOne.memory().get(JAVA_BYTE, 0), "byte of the page it had mapped");
    assertEquals((byte) 1, byOne.memory().get(JAVA_BYTE, 0), "byte of the page it granted");
    assertEquals(1, host.accounting(1).mappedPages());
    byOne.memory().set(JAVA_BYTE, 0, (byte) 2);
    assertEquals((byte) 2, byOne.memory().get(JAVA_BYTE, 0));
    pair.oneChannels().notify(pair.onePort());
    assertThrows(XenException.class, () -> pair.twoChannels().bindUnbound(1));
    assertThrows(XenException.class, () -> SimulatedXen.open(host.directory(), 2).close());
    byOne.close();
    ofOne.close();
    assertEquals(0, host.accounting(1).mappedPages());
    assertEquals(0, host.accounting(1).deferredPages());
    two.close();
  }
}
