package io.xenshm.bench.worker;

import io.xenshm.bench.Answer;
import io.xenshm.bench.ThreadCounters;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process, and its working thread, used up so far: {@code process} and {@code worker}
 * nanoseconds of processor time, {@code allocated} bytes and system {@code calls} of the working
 * thread.
 */
final class ProcessMeter {
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final Path PROC = Path.of("/proc");

  private static volatile long workerThread;
  private static volatile Path workerFiles = PROC;

  private ProcessMeter() {}

  /** The calling thread does the work of this process. */
  static void workOnThisThread() {
    workerThread = Thread.currentThread().threadId();
    try {
      workerFiles = PROC.resolve(Files.readSymbolicLink(PROC.resolve("thread-self")));
    } catch (IOException e) {
      System.err.println("system calls are not counted: " + e);
    }
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
        .with("allocated", THREADS.getThreadAllocatedBytes(workerThread))
        .with("calls", systemCalls());
  }

  /**
   * Returns how often the working thread read, wrote or slept: what Linux counts of each thread; -1
   * where it does not.
   */
  private static long systemCalls() {
    try {
      return ThreadCounters.sum(workerFiles.resolve("io"), "syscr:", "syscw:")
          + ThreadCounters.sum(workerFiles.resolve("status"), ThreadCounters.SLEEPS);
    } catch (IOException e) {
      return -1;
    }
  }
}
