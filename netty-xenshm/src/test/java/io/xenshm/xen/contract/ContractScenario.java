package io.xenshm.xen.contract;

/** One promise, tried by two domains that run their roles at the same time. */
public interface ContractScenario {

  /** Returns what is promised. Unique among all scenarios. */
  String name();

  /** What the first domain does. */
  void first(Side side) throws Exception;

  /** What the second domain does. */
  void second(Side side) throws Exception;

  /** Makes a scenario of two roles. */
  static ContractScenario of(String name, Part first, Part second) {
    return new ContractScenario() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public void first(Side side) throws Exception {
        first.play(side);
      }

      @Override
      public void second(Side side) throws Exception {
        second.play(side);
      }

      @Override
      public String toString() {
        return name;
      }
    };
  }

  /** Makes a scenario in which the second domain does nothing. */
  static ContractScenario alone(String name, Part first) {
    return of(name, first, side -> {});
  }

  /** A role of a scenario. */
  @FunctionalInterface
  interface Part {
    /** Plays the role. */
    void play(Side side) throws Exception;
  }
}
