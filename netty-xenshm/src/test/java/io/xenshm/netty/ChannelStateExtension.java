package io.xenshm.netty;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/**
 * Prints the state of all channels before a test that takes too long is interrupted, beside JUnit's
 * dump of all threads. JUnit finds it as a service.
 */
public final class ChannelStateExtension implements PreInterruptCallback {
  private static final long PATIENCE_MILLIS = 5000;

  @Override
  public void beforeThreadInterrupt(PreInterruptContext interrupted, ExtensionContext test)
      throws InterruptedException {
    System.out.println(
        test.getUniqueId() + " takes too long. " + LiveLoops.describe(PATIENCE_MILLIS));
  }
}
