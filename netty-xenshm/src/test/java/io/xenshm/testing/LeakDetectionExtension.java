package io.xenshm.testing;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class after which a buffer, or another resource that Netty counts references of, is
 * garbage without having been released.
 *
 * <p>JUnit finds it as a service, for each test class of each module that has this module's tests
 * on its class path. It is loaded before the first test class is initialised, so that Netty's
 * detectors are made by the factory that is set here.
 */
public final class LeakDetectionExtension implements AfterAllCallback {
  private static final long COLLECTION_TIMEOUT_MILLIS = 30_000;

  static {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new RecordingFactory());
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    boolean isNested = context.getParent().flatMap(ExtensionContext::getTestClass).isPresent();
    if (isNested) {
      return;
    }
    collectGarbage();
    // the second collection returns only after the references found by the first are in their
    // queues
    collectGarbage();
    List<String> leaks = RecordingLeakDetector.takeLeaks();
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          leaks.size()
              + " leak(s) found after "
              + context.getRequiredTestClass().getName()
              + "; the records below name where:\n"
              + String.join("\n", leaks));
    }
  }

  /** Returns once the collector has found an object unreachable that became so just before. */
  private static void collectGarbage() throws InterruptedException {
    ReferenceQueue<Object> queue = new ReferenceQueue<>();
    WeakReference<Object> witness = new WeakReference<>(new Object(), queue);
    System.gc();
    if (!witness.equals(queue.remove(COLLECTION_TIMEOUT_MILLIS))) {
      throw new IllegalStateException(
          "System.gc() collected nothing, so that leaks cannot be found. "
              + "Remove -XX:+DisableExplicitGC.");
    }
  }

  private static final class RecordingFactory extends ResourceLeakDetectorFactory {
    @Override
    @Deprecated
    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
        Class<T> resource, int samplingInterval, long maxActive) {
      return new RecordingLeakDetector<>(resource, samplingInterval);
    }

    @Override
    public <T> ResourceLeakDetector<T> newResourceLeakDetector(
        Class<T> resource, int samplingInterval) {
      return new RecordingLeakDetector<>(resource, samplingInterval);
    }
  }
}
