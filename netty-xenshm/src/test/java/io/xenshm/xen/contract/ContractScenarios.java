package io.xenshm.xen.contract;

import java.util.List;
import java.util.stream.Stream;

/** All scenarios, in an order that is the same for both roles. */
public final class ContractScenarios {
  private ContractScenarios() {}

  /** Returns all scenarios. */
  public static List<ContractScenario> all() {
    return Stream.of(
            GrantScenarios.all(),
            UnmapScenarios.all(),
            EventScenarios.all(),
            XenStoreScenarios.all(),
            XenStoreTransactionScenarios.all())
        .flatMap(List::stream)
        .toList();
  }
}
