package io.xenshm.sim;

import io.xenshm.sim.xenstore.XenStoreFlavour;
import io.xenshm.xen.contract.ContractScenarios;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract of a back end holds on a simulated host, with either XenStore daemon. */
class SimulatedContractTest {
  @TestFactory
  Stream<DynamicTest> holdsWithTheDaemonInC() throws Exception {
    return scenarios(XenStoreFlavour.C);
  }

  @TestFactory
  Stream<DynamicTest> holdsWithTheDaemonInOcaml() throws Exception {
    return scenarios(XenStoreFlavour.OCAML);
  }

  private static Stream<DynamicTest> scenarios(XenStoreFlavour flavour) {
    return ContractScenarios.all().stream()
        .map(
            scenario ->
                DynamicTest.dynamicTest(
                    scenario.name(), () -> SimulatedRoles.play(scenario, flavour)));
  }
}
