package io.xenshm.sim;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A simulated host with two guests in a process of its own. */
final class HostProgram {
  private HostProgram() {}

  public static void main(String[] args) throws Exception {
    try (SimulatedHost host = SimulatedHost.start(SimulatedHostConfig.of(Path.of(args[0]), 2))) {
      System.out.println(ChildJvm.READY + " " + host.domains().size());
      new CountDownLatch(1).await();
    }
  }
}
