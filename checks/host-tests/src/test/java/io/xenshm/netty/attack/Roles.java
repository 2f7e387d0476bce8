package io.xenshm.netty.attack;

import io.xenshm.xen.contract.ContractScenario;

/** Makes scenarios of an honest role and a hostile one. */
final class Roles {
  /** What the honest role does. */
  @FunctionalInterface
  interface Honest {
    void play(Victim victim) throws Exception;
  }

  /** What the hostile role does. */
  @FunctionalInterface
  interface Hostile {
    void play(Attacker attacker) throws Exception;
  }

  private Roles() {}

  /**
   * Makes a scenario of a listener and a hostile client. When both are done, a connection that
   * behaves is still served by the listener's loop.
   */
  static ContractScenario hostileClient(String name, Honest honest, Hostile hostile) {
    return ContractScenario.of(
        name,
        side -> {
          try (Victim victim = new Victim(side)) {
            honest.play(victim);
            side.send("looked", "at all");
            side.receive("served");
          }
        },
        side -> {
          try (Attacker attacker = new Attacker(side)) {
            attacker.requireNeighbourIsServed();
            hostile.play(attacker);
            side.receive("looked");
            attacker.requireNeighbourIsServed();
            side.send("served", "still");
          }
        });
  }

  static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }
}
