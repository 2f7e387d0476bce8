package io.xenshm.soak;

import io.xenshm.cli.Main;
import io.xenshm.examples.demo.Parent;

/** {@code xenshm agent} that ends with its parent. */
final class SoakAgent {
  private SoakAgent() {}

  /** Serves dom0 until it is killed. */
  public static void main(String[] args) {
    Parent.endWithIt();
    Main.main(new String[] {"agent"});
  }
}
