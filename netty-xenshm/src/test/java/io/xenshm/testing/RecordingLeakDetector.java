package io.xenshm.testing;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A leak detector that keeps what it finds, where Netty's own only logs it. */
final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {
  private static final Queue<RecordingLeakDetector<?>> DETECTORS = new ConcurrentLinkedQueue<>();
  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

  RecordingLeakDetector(Class<?> resourceType, int samplingInterval) {
    super(resourceType, samplingInterval);
    DETECTORS.add(this);
  }

  /**
   * Takes the leaks of all detectors that were found since the call before, among the objects that
   * the garbage collector has found unreachable.
   */
  static List<String> takeLeaks() {
    for (RecordingLeakDetector<?> detector : DETECTORS) {
      detector.reportUnreachable();
    }
    List<String> leaks = new ArrayList<>();
    for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
      leaks.add(leak);
    }
    return leaks;
  }

  /** A detector reports earlier leaks only when it is asked to track a new object. */
  @SuppressWarnings("unchecked") // the detector does nothing with the object but refer to it
  private void reportUnreachable() {
    T object = (T) new Object();
    ResourceLeakTracker<T> tracker = trackForcibly(object);
    tracker.close(object);
  }

  @Override
  protected boolean needReport() {
    return true;
  }

  @Override
  protected void reportTracedLeak(String resourceType, String records) {
    LEAKS.add(resourceType + " was not released before it was collected." + records);
  }

  @Override
  protected void reportUntracedLeak(String resourceType) {
    LEAKS.add(resourceType + " was not released before it was collected.");
  }
}
