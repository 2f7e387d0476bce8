package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;
import java.lang.management.ManagementFactory;

/**
 * What this process, and its working thread, used up so far: {@code process} and {@code worker}
 * nanoseconds of processor time, {@code allocated} bytes of the working thread.
 */
final class ProcessMeter {
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static volatile long workerThread;

  private ProcessMeter() {}

  /** The calling thread does the work of this process. */
  static void workOnThisThread() {
    workerThread = Thread.currentThread().threadId();
  }

  /** Returns the heap bytes that the calling thread allocated so far. */
  static long allocatedByThisThread() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }

  static Answer read() {
    var process =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new Answer()
        .with("process", process.getProcessCpuTime())
        .with("worker", THREADS.getThreadCpuTime(workerThread))
        .with("allocated", THREADS.getThreadAllocatedBytes(workerThread));
  }
}
