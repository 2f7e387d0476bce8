package io.xenshm.fuzzing;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the fuzz targets in turn, each in a process of its own, round after round until the time is
 * used up. What one round found out, its corpus, is where the next one begins. Exit code 1: there
 * are findings; 2: the command line is wrong.
 */
public final class Fuzz {
  /** A turn of one target in a long run. */
  private static final int TURN_SECONDS = 60;

  private Fuzz() {}

  /** Runs what {@link FuzzOptions} says. */
  public static void main(String[] arguments) throws Throwable {
    FuzzOptions options;
    try {
      options = FuzzOptions.parse(arguments);
    } catch (IllegalArgumentException | ArithmeticException e) {
      System.err.println("fuzz: " + e.getMessage());
      System.exit(2);
      return;
    }
    if (options.replay() != null) {
      replay(options.targets().get(0), options.replay());
    } else {
      System.exit(fuzz(options) ? 0 : 1);
    }
  }

  private static void replay(String target, Path file) throws Throwable {
    MethodHandles.publicLookup()
        .findStatic(
            Class.forName(target),
            "fuzzerTestOneInput",
            MethodType.methodType(void.class, byte[].class))
        .invoke(Files.readAllBytes(file));
    System.out.println("no finding: " + target + " with " + file);
  }

  private static boolean fuzz(FuzzOptions options) throws IOException, InterruptedException {
    List<String> active = new ArrayList<>(options.targets());
    Map<String, Totals> totals = new LinkedHashMap<>();
    active.forEach(target -> totals.put(target, new Totals()));
    int left = options.seconds();
    while (left > 0 && !active.isEmpty()) {
      int turn = Math.max(1, Math.min(TURN_SECONDS, left / active.size()));
      for (String target : List.copyOf(active)) {
        if (left <= 0) {
          break;
        }
        TargetRun.Result result = new TargetRun(options, target).run(turn);
        totals.get(target).add(result);
        System.out.println(result);
        if (result.finding() != null) {
          // it would find the same at once in the next round
          active.remove(target);
        }
        left -= turn;
      }
    }
    System.out.println("== " + options.seconds() + " s of fuzzing");
    totals.forEach((target, total) -> System.out.println(total.text(target)));
    boolean clean = totals.values().stream().allMatch(total -> total.findings == 0);
    System.out.println(clean ? "no findings" : "FINDINGS: see above");
    return clean;
  }

  private static final class Totals {
    private long seconds;
    private long executions;
    private String coverage = "";
    private int findings;

    void add(TargetRun.Result result) {
      seconds += result.seconds();
      executions += result.executions();
      coverage = result.coverage();
      findings += result.finding() == null ? 0 : 1;
    }

    String text(String target) {
      return String.format(
          "%-42s %5d s %12d runs  %s%s",
          target, seconds, executions, coverage, findings == 0 ? "" : "  FINDING");
    }
  }
}
