package io.xenshm.containers;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a class's tests where no containers can run, and says why; fails where they must run. */
final class EngineNeeded implements BeforeAllCallback {
  private static final class Found {
    static final String OBSTACLE = ContainerEngine.obstacle();
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    if (ContainerEngine.isRequired()) {
      assertNull(Found.OBSTACLE);
    }
    if (Found.OBSTACLE != null) {
      System.out.println("SKIPPED " + context.getDisplayName() + ": " + Found.OBSTACLE);
    }
    assumeTrue(Found.OBSTACLE == null, Found.OBSTACLE);
  }
}
