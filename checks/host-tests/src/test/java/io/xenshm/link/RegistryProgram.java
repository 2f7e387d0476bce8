package io.xenshm.link;

import io.xenshm.sim.ChildJvm;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A process that is registered in a directory, and says what it knows of another one. */
final class RegistryProgram {
  private RegistryProgram() {}

  /** Arguments: the directory, another process. Is ready with that one's state. */
  public static void main(String[] args) throws Exception {
    try (ProcessRegistry processes = new ProcessRegistry(() -> Path.of(args[0]))) {
      System.out.println(ChildJvm.READY + " " + processes.state(args[1]));
      new CountDownLatch(1).await();
    }
  }
}
