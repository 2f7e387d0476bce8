package io.xenshm.netty;

import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * The event loops of this process that run, so that the state of their channels can be told when
 * something hangs. All methods may be called from any thread.
 */
final class LiveLoops {
  private static final Map<XenShmIoHandler, ThreadAwareExecutor> LOOPS = new ConcurrentHashMap<>();

  private LiveLoops() {}

  static void add(XenShmIoHandler loop, ThreadAwareExecutor executor) {
    LOOPS.put(loop, executor);
  }

  static void remove(XenShmIoHandler loop) {
    LOOPS.remove(loop);
  }

  /**
   * Returns the state of all channels, a line each. Waits for each loop: memory is looked at there
   * only.
   *
   * @param millis how long to wait for all loops together
   */
  static String describe(long millis) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    Map<String, CompletableFuture<List<String>>> answers = new TreeMap<>();
    LOOPS.forEach((loop, executor) -> answers.put(executor.toString(), ask(loop, executor)));
    StringBuilder text = new StringBuilder("Channels of ").append(answers.size()).append(" loops:");
    for (var answer : answers.entrySet()) {
      text.append("\n").append(answer.getKey());
      lines(answer.getValue(), deadline - System.nanoTime())
          .forEach(line -> text.append("\n  ").append(line));
    }
    return text.toString();
  }

  private static CompletableFuture<List<String>> ask(
      XenShmIoHandler loop, ThreadAwareExecutor executor) {
    try {
      return CompletableFuture.supplyAsync(loop::describe, executor);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static Stream<String> lines(CompletableFuture<List<String>> answer, long nanos)
      throws InterruptedException {
    try {
      return answer.get(Math.max(0, nanos), TimeUnit.NANOSECONDS).stream();
    } catch (TimeoutException e) {
      return Stream.of("does not answer: its thread is blocked, or busy");
    } catch (ExecutionException e) {
      return Stream.of("cannot tell: " + e.getCause());
    }
  }
}
