package io.xenshm.netty.attack;

import io.xenshm.sim.SimulatedRoles;
import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.contract.ContractScenario;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What the guests of the test machine play holds on a simulated host too. */
class SimulatedAttackTest {
  private static final String SILENCE = "xenshm.peerSilenceSeconds";

  @BeforeAll
  static void silentPeersAreGivenUpSoon() {
    System.setProperty(SILENCE, "2");
  }

  @AfterAll
  static void silentPeersAreGivenUpLateAgain() {
    System.clearProperty(SILENCE);
  }

  @TestFactory
  Stream<DynamicTest> anAttackerHurtsItselfAlone() {
    return AttackScenarios.all().stream().map(SimulatedAttackTest::test);
  }

  private static DynamicTest test(ContractScenario scenario) {
    return DynamicTest.dynamicTest(
        scenario.name(), () -> SimulatedRoles.play(scenario, XenStoreFlavour.C));
  }
}
