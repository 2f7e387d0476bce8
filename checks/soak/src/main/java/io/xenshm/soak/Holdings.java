package io.xenshm.soak;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a process holds, as one line that can be compared. */
final class Holdings {
  /** Threads that come and go as the Java platform and Netty like. */
  private static final Set<String> TRANSIENT = Set.of("globalEventExecutor", "ForkJoinPool");

  private Holdings() {}

  static String ofThisProcess(PeerLoops loops) {
    String own = "descriptors=" + descriptors().size() + " threads=" + threads().size();
    return loops == null
        ? own
        : own + " connections=" + loops.openConnections() + " buffers=" + loops.usedMemory();
  }

  private static Map<String, String> descriptors() {
    Map<String, String> descriptors = new TreeMap<>();
    File[] files = new File("/proc/self/fd").listFiles();
    for (File file : files == null ? new File[0] : files) {
      try {
        descriptors.put(file.getName(), Files.readSymbolicLink(file.toPath()).toString());
      } catch (IOException e) {
        // the one by which the directory was listed
      }
    }
    return descriptors;
  }

  private static Map<String, String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> TRANSIENT.stream().noneMatch(thread.getName()::startsWith))
        .collect(
            Collectors.toMap(
                thread -> thread.threadId() + " " + thread.getName(), Thread::toString));
  }

  /** Prints what a look at a process that hangs needs. */
  static void dump(PrintStream out, PeerLoops loops) {
    out.println("descriptors: " + descriptors());
    if (loops != null) {
      loops.connections().forEach(channel -> out.println("open: " + channel));
    }
    Thread.getAllStackTraces()
        .forEach(
            (thread, stack) -> {
              out.println(thread);
              for (StackTraceElement frame : stack) {
                out.println("    at " + frame);
              }
            });
  }
}
