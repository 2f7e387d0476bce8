package io.xenshm.machine;

import io.xenshm.netty.attack.AttackScenarios;
import io.xenshm.xen.contract.ContractRunner;
import io.xenshm.xen.contract.ContractRunner.Role;
import io.xenshm.xen.contract.ContractScenario;
import io.xenshm.xen.contract.ContractScenarios;
import java.util.ArrayList;
import java.util.List;

/**
 * Plays one role of the scenarios of two guests: those of the back end's contract, or those of a
 * hostile peer. Arguments: FIRST or SECOND; {@code contract}, {@code attacks} or both.
 */
final class GuestScenarios {
  private GuestScenarios() {}

  public static void main(String[] args) throws Exception {
    List<ContractScenario> scenarios = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      switch (args[i]) {
        case "contract" -> scenarios.addAll(ContractScenarios.all());
        case "attacks" -> {
          scenarios.addAll(AttackScenarios.all());
          scenarios.add(AttackScenarios.pausedPeer(new PauseByDom0()));
        }
        default -> throw new IllegalArgumentException("no scenarios '" + args[i] + "'");
      }
    }
    int failed =
        ContractRunner.playAll(scenarios, Role.valueOf(args[0]), new GuestPlace(), System.out);
    System.exit(failed == 0 ? 0 : 1);
  }

  /** Asks dom0 by lines on this guest's console. */
  private static final class PauseByDom0 implements AttackScenarios.Pause {
    @Override
    public void pause() {
      askDom0("pause");
    }

    @Override
    public void unpause() {
      askDom0("unpause");
    }

    private static void askDom0(String verb) {
      System.out.println("@dom0 run xl " + verb + " g" + Ports.CLIENT_GUEST);
      System.out.flush();
    }
  }
}
