package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;
import java.lang.management.ManagementFactory;

/**
 * What this process, and its working thread, used up so far: {@code process} and {@code worker}
 * nanoseconds of processor time, {@code allocated} bytes of the working thread.
 */
final class ProcessMeter {
  private static volatile long workerThread;

  private ProcessMeter() {}

  /** The calling thread does the work of this process. */
  static void workOnThisThread() {
    workerThread = Thread.currentThread().threadId();
  }

  static Answer read() {
    var process =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return new Answer()
        .with("process", process.getProcessCpuTime())
        .with("worker", threads.getThreadCpuTime(workerThread))
        .with("allocated", threads.getThreadAllocatedBytes(workerThread));
  }
}
