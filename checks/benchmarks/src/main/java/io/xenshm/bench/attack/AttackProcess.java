package io.xenshm.bench.attack;

import com.sun.management.OperatingSystemMXBean;
import io.xenshm.bench.Answer;
import io.xenshm.examples.Program;
import io.xenshm.xen.Xen;
import io.xenshm.xen.XenBackEnds;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The third process: {@code SERVER-DOMAIN LISTENER-PORT}. Each line of its standard input but
 * {@code stop} begins something, {@code attack NAME} or {@code busy MILLIONTHS SLEEPS}, which needs
 * so much of a processor, sleeps so often in a second, and is innocent. It says {@code STARTED},
 * and after {@code stop} {@code DONE} with its processor time, the time that passed, both in
 * nanoseconds, and a count. It ends with its standard input.
 */
public final class AttackProcess {
  private static final int MILLION = 1_000_000;
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private AttackProcess() {}

  /** Runs until the parent ends. */
  public static void main(String[] args) {
    Program.run(
        "attacker",
        () -> {
          BufferedReader in =
              new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
          try (Xen xen = XenBackEnds.open(System.getenv("XENSHM_XEN"));
              Attacker attacker =
                  new Attacker(xen, Integer.parseInt(args[0]), Integer.parseInt(args[1]))) {
            System.out.println("READY -");
            String command;
            while ((command = in.readLine()) != null) {
              System.out.println("DONE " + run(command.split(" ", -1), attacker, in));
            }
          }
        });
  }

  private static Answer run(String[] command, Attacker attacker, BufferedReader in)
      throws Exception {
    CompletableFuture<String> stop = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                stop.complete(in.readLine());
              } catch (IOException e) {
                stop.complete(null);
              }
            });
    long process = processNanos();
    long start = System.nanoTime();
    System.out.println("STARTED -");
    long count =
        command[0].equals("busy")
            ? busy(Long.parseLong(command[1]), Long.parseLong(command[2]), stop::isDone)
            : attacker.run(Attack.valueOf(command[1]), stop::isDone);
    return new Answer()
        .with("process", processNanos() - process)
        .with("wall", System.nanoTime() - start)
        .with("count", count);
  }

  /** Computes on as many threads as are needed, a part of each period. */
  private static long busy(long millionths, long sleeps, BooleanSupplier stopped)
      throws InterruptedException {
    int threads = (int) Math.max(1, Math.ceilDiv(millionths, MILLION));
    double share = (double) millionths / threads / MILLION;
    long period = threads * SECOND_NANOS / Math.max(1, sleeps);
    Thread[] all = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      all[i] = Thread.ofPlatform().daemon().start(() -> workAndRest(share, period, stopped));
    }
    for (Thread thread : all) {
      thread.join();
    }
    return threads;
  }

  /** Rests take longer than they should: the share is that of the time that passed. */
  private static void workAndRest(double share, long period, BooleanSupplier stopped) {
    long before = System.nanoTime();
    long last = period;
    while (!stopped.getAsBoolean()) {
      long end = System.nanoTime() + (long) (share * last);
      while (System.nanoTime() - end < 0) {
        Thread.onSpinWait();
      }
      LockSupport.parkNanos((long) ((1 - share) * period));
      long now = System.nanoTime();
      last = now - before;
      before = now;
    }
  }

  private static long processNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
