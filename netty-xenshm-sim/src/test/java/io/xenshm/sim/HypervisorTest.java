package io.xenshm.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.xenshm.xen.XenException;
import io.xenshm.xen.XenLimitException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HypervisorTest {
  private static final int PAGES = 30;
  private static final int PORTS = 4;

  private final RecordingHostFiles files = new RecordingHostFiles();
  private final Hypervisor hypervisor =
      new Hypervisor(SimulatedLimits.DEFAULT.withGrantedPages(PAGES).withPorts(PORTS), files, 1);
  private GuestProcess one;
  private GuestProcess two;

  @BeforeEach
  void startTwoGuests() throws XenException {
    for (int id = 0; id <= 3; id++) {
      hypervisor.addDomain(id);
    }
    one = hypervisor.startProcess(1);
    two = hypervisor.startProcess(2);
  }

  @Test
  void oneGrantMoreThanTheLimitIsRefusedWithTheLimitsName() throws XenException {
    hypervisor.grantTables.grant(one, 2, PAGES - 1);
    XenLimitException refusal =
        assertThrows(XenLimitException.class, () -> hypervisor.grantTables.grant(one, 2, 2));
    assertEquals(
        "domain 1 cannot grant 2 more pages: 29 of its limit of 30 granted pages are in use;"
            + " raise it with: xenshm sim DIR --grant-pages N",
        refusal.getMessage());
    assertEquals(PAGES - 1, one.domain.grantedPages);
    hypervisor.grantTables.grant(one, 2, 1);
  }

  @Test
  void theLimitIsTheGuestsNotTheProcesses() throws XenException {
    hypervisor.grantTables.grant(one, 2, PAGES);
    GuestProcess sibling = hypervisor.startProcess(1);
    assertThrows(XenLimitException.class, () -> hypervisor.grantTables.grant(sibling, 2, 1));
    hypervisor.grantTables.grant(two, 1, PAGES);
  }

  @Test
  void nothingIsGrantedToOneselfOrToAReservedNumberOrMappedOfNobody() {
    XenException own =
        assertThrows(XenException.class, () -> hypervisor.grantTables.grant(one, 1, 1));
    assertTrue(own.getMessage().contains("itself"), own.getMessage());
    XenException reserved =
        assertThrows(XenException.class, () -> hypervisor.grantTables.grant(one, 0x7FF0, 1));
    assertTrue(reserved.getMessage().contains("0 to 32751"), reserved.getMessage());
    XenException unknown =
        assertThrows(XenException.class, () -> hypervisor.grantTables.map(one, 9, 1));
    assertEquals("domain 9 does not exist; there are [0, 1, 2, 3]", unknown.getMessage());
  }

  @Test
  void aFailedMapHoldsNothing() throws XenException {
    Allocation granted = hypervisor.grantTables.grant(one, 2, 2);
    int[] references = GrantTables.references(granted);
    assertThrows(
        XenException.class,
        () -> hypervisor.grantTables.map(two, 1, references[0], references[1], 999));
    assertEquals(0, two.domain.mappedPages);
    hypervisor.grantTables.release(one, granted.handle, false);
    assertEquals(0, one.domain.deferred.size());
  }

  @Test
  void aDomainThatTheGrantIsNotForCannotMap() throws XenException {
    int[] references = GrantTables.references(hypervisor.grantTables.grant(one, 2, 1));
    GuestProcess three = hypervisor.startProcess(3);
    assertThrows(XenException.class, () -> hypervisor.grantTables.map(three, 1, references));
    hypervisor.grantTables.map(two, 1, references);
  }

  @Test
  void anEndedGrantIsFreeAtOnceWhereNobodyMapsIt() throws XenException {
    Allocation granted = hypervisor.grantTables.grant(one, 2, 3);
    int[] references = GrantTables.references(granted);
    files.take();
    hypervisor.grantTables.release(one, granted.handle, false);
    assertEquals(List.of("remove pages " + granted.handle), files.take());
    assertEquals(0, one.domain.deferred.size());
    Allocation next = hypervisor.grantTables.grant(one, 2, 3);
    assertArrayEquals(
        new int[] {references[2], references[1], references[0]}, GrantTables.references(next));
  }

  @Test
  void pagesThatThePeerMapsLeaveTheQuotaAtOnceAndAreFreedTenAPass() throws XenException {
    Allocation granted = hypervisor.grantTables.grant(one, 2, 25);
    int[] references = GrantTables.references(granted);
    Mapping mapping = hypervisor.grantTables.map(two, 1, references);
    hypervisor.grantTables.release(one, granted.handle, false);
    assertEquals(0, one.domain.grantedPages);
    assertEquals(25, one.domain.deferred.size());

    hypervisor.grantTables.deferredPass();
    assertEquals(25, one.domain.deferred.size());

    Allocation others = hypervisor.grantTables.grant(one, 2, 25);
    for (int reference : GrantTables.references(others)) {
      assertTrue(reference > references[24], "a reference in use is not given again");
    }
    files.take();
    hypervisor.grantTables.release(two, mapping.handle, false);
    assertEquals(List.of(), files.take());
    int[] left = {15, 5, 0};
    for (int expected : left) {
      hypervisor.grantTables.deferredPass();
      assertEquals(expected, one.domain.deferred.size());
    }
    assertEquals(List.of("remove pages " + granted.handle), files.take());
  }

  @Test
  void pagesThatStayMappedSlowTheOthersOnTheListDown() throws XenException {
    Allocation kept = hypervisor.grantTables.grant(one, 2, 10);
    hypervisor.grantTables.map(two, 1, GrantTables.references(kept));
    Allocation given = hypervisor.grantTables.grant(one, 2, 1);
    Mapping mapping = hypervisor.grantTables.map(two, 1, GrantTables.references(given));
    hypervisor.grantTables.release(one, kept.handle, false);
    hypervisor.grantTables.release(one, given.handle, false);
    hypervisor.grantTables.release(two, mapping.handle, false);
    hypervisor.grantTables.deferredPass();
    assertEquals(11, one.domain.deferred.size());
    hypervisor.grantTables.deferredPass();
    assertEquals(10, one.domain.deferred.size());
  }

  @Test
  void deferredPagesStillTakeEntriesOfTheGrantTable() throws XenException {
    Hypervisor small = new Hypervisor(new SimulatedLimits(30, 40, 100, PORTS, 10, 1000), files, 1);
    small.addDomain(1);
    small.addDomain(2);
    GuestProcess granter = small.startProcess(1);
    Allocation granted = small.grantTables.grant(granter, 2, 30);
    small.grantTables.map(small.startProcess(2), 1, GrantTables.references(granted));
    small.grantTables.release(granter, granted.handle, false);
    small.grantTables.grant(granter, 2, 10);
    assertThrows(XenLimitException.class, () -> small.grantTables.grant(granter, 2, 1));
  }

  @Test
  void portsAreLimitedAndTheMessageNamesTheLimit() throws XenException {
    int channels = hypervisor.ports.openChannels(one);
    for (int i = 0; i < PORTS; i++) {
      hypervisor.ports.bindUnbound(one, channels, 2);
    }
    XenLimitException refusal =
        assertThrows(XenLimitException.class, () -> hypervisor.ports.bindUnbound(one, channels, 2));
    assertTrue(refusal.getMessage().contains("all 4 of its limit"), refusal.getMessage());
    hypervisor.ports.unbind(one, channels, 2);
    assertEquals(2, hypervisor.ports.bindUnbound(one, channels, 2));
  }

  @Test
  void aRefusedBindTakesNoPort() throws XenException {
    int channels = hypervisor.ports.openChannels(one);
    assertThrows(XenException.class, () -> hypervisor.ports.bindInterdomain(one, channels, 2, 1));
    assertEquals(0, one.domain.portCount());
  }

  @Test
  void closingAPortIsSilentAndLeavesTheOtherEndUnboundForTheSameDomain() throws XenException {
    Link link = connect();
    files.take();
    hypervisor.ports.unbind(one, link.oneChannels, link.onePort);
    assertEquals(List.of("close 1:" + link.onePort, "disconnect 2:" + link.twoPort), files.take());
    hypervisor.ports.bindInterdomain(one, link.oneChannels, 2, link.twoPort);
  }

  @Test
  void aProcessesDeathUnmapsWithNotificationBeforeItsPortsClose() throws XenException {
    Link link = connect();
    Allocation granted = hypervisor.grantTables.grant(one, 2, 2);
    Mapping mapping = hypervisor.grantTables.map(two, 1, GrantTables.references(granted));
    Port port = hypervisor.ports.port(two, link.twoChannels, link.twoPort);
    hypervisor.grantTables.notifyOnUnmap(two, mapping.handle, 4100, port);
    files.take();
    hypervisor.endProcess(two);
    assertEquals(
        List.of(
            "clear byte 4100",
            "raise 1:" + link.onePort + " for the dead",
            "close 2:" + link.twoPort,
            "disconnect 1:" + link.onePort,
            "remove doorbell " + link.twoChannels),
        files.take());
    assertEquals(0, two.domain.mappedPages);
    assertEquals(0, two.domain.portCount());
    assertEquals(0, two.domain.processes.size());
  }

  @Test
  void aDomainsDeathIsSilentAndLeavesPeersWhatTheyMapped() throws XenException {
    Link link = connect();
    Allocation ofOne = hypervisor.grantTables.grant(one, 2, 1);
    Mapping byTwo = hypervisor.grantTables.map(two, 1, GrantTables.references(ofOne));
    Allocation ofTwo = hypervisor.grantTables.grant(two, 1, 2);
    Mapping byOne = hypervisor.grantTables.map(one, 2, GrantTables.references(ofTwo));
    Port port = hypervisor.ports.port(two, link.twoChannels, link.twoPort);
    hypervisor.grantTables.notifyOnUnmap(two, byTwo.handle, 0, port);
    hypervisor.grantTables.notifyOnUnmap(two, ofTwo.handle, 0, port);
    files.take();

    assertEquals(List.of(two), hypervisor.destroyDomain(2));

    List<String> shown = files.take();
    assertTrue(shown.stream().noneMatch(line -> line.startsWith("raise")), shown.toString());
    assertTrue(shown.stream().noneMatch(line -> line.startsWith("clear")), shown.toString());
    assertTrue(shown.stream().noneMatch(line -> line.startsWith("remove pages")), "peer's view");
    assertTrue(shown.contains("disconnect 1:" + link.onePort), shown.toString());
    assertEquals(2, one.domain.mappedPages);

    hypervisor.grantTables.release(one, byOne.handle, false);
    assertEquals(List.of("remove pages " + ofTwo.handle), files.take());
    hypervisor.grantTables.release(one, ofOne.handle, false);
    assertEquals(List.of("remove pages " + ofOne.handle), files.take());
    assertThrows(XenException.class, () -> hypervisor.grantTables.map(one, 2, 1));
  }

  @Test
  void anotherGuestWithTheSameNumberHasNothingOfTheFirst() throws XenException {
    Link link = connect();
    int[] references = GrantTables.references(hypervisor.grantTables.grant(two, 1, 1));
    hypervisor.destroyDomain(2);
    hypervisor.addDomain(2);
    assertThrows(XenException.class, () -> hypervisor.grantTables.map(one, 2, references));
    GuestProcess reborn = hypervisor.startProcess(2);
    int channels = hypervisor.ports.openChannels(reborn);
    hypervisor.ports.bindInterdomain(reborn, channels, 1, link.onePort);
    assertEquals(1, reborn.domain.portCount());
  }

  private Link connect() throws XenException {
    int oneChannels = hypervisor.ports.openChannels(one);
    int twoChannels = hypervisor.ports.openChannels(two);
    int onePort = hypervisor.ports.bindUnbound(one, oneChannels, 2);
    int twoPort = hypervisor.ports.bindInterdomain(two, twoChannels, 1, onePort);
    assertEquals(List.of("raise 2:" + twoPort), files.takeEvents());
    return new Link(oneChannels, onePort, twoChannels, twoPort);
  }

  private record Link(int oneChannels, int onePort, int twoChannels, int twoPort) {}
}
