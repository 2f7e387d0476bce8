package io.xenshm.fuzzing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Some seconds of one target, by Jazzer in a process of its own. */
final class TargetRun {
  private static final Pattern STATUS =
      Pattern.compile("^#(\\d+)\\s.*\\b(cov: \\d+ ft: \\d+ corp: \\d+)", Pattern.MULTILINE);
  private static final Pattern FINDING =
      Pattern.compile("^(==.*(?:Exception|ERROR|libFuzzer).*|ALARM.*)$", Pattern.MULTILINE);

  /** A run that takes longer is a hang. */
  private static final int HANG_SECONDS = 60;

  /** What starting and writing the corpus may take beside the turn. */
  private static final int PATIENCE_SECONDS = 240;

  private final FuzzOptions options;
  private final String target;
  private final String name;

  TargetRun(FuzzOptions options, String target) {
    this.options = options;
    this.target = target;
    this.name = target.substring(target.lastIndexOf('.') + 1);
  }

  /**
   * What came of it.
   *
   * @param target the target's class
   * @param seconds how long it ran
   * @param executions how many inputs were run
   * @param coverage edges and features that were reached, inputs in the corpus
   * @param finding what was found, with the file and the command to see it again; else {@code null}
   */
  record Result(String target, int seconds, long executions, String coverage, String finding) {
    @Override
    public String toString() {
      return target
          + ": "
          + executions
          + " runs in "
          + seconds
          + " s, "
          + coverage
          + (finding == null ? "" : "\n" + finding);
    }
  }

  Result run(int seconds) throws IOException, InterruptedException {
    Path corpus = Files.createDirectories(options.work().resolve("corpus").resolve(name));
    Path findings = Files.createDirectories(options.work().resolve("findings").resolve(name));
    Path temporary = Files.createDirectories(options.work().resolve("tmp"));
    Path log = options.work().resolve(name + ".log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xmx1g",
                "-Xss1m",
                "-XX:ErrorFile=" + findings.resolve("jvm-crash.log"),
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target,
                "--instrumentation_includes=io.xenshm.**",
                "--instrumentation_excludes=io.xenshm.fuzz.**",
                "--custom_hook_includes=io.xenshm.**",
                "--reproducer_path=" + findings,
                "-artifact_prefix=" + findings + "/",
                "-timeout=" + HANG_SECONDS,
                "-rss_limit_mb=0",
                "-max_total_time=" + seconds,
                corpus.toString(),
                options.seeds().resolve(name).toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    boolean ended = process.waitFor(seconds + PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    return result(seconds, ended ? process.exitValue() : -1, log, findings);
  }

  private Result result(int seconds, int exit, Path log, Path findings) throws IOException {
    String said = Files.readString(log, StandardCharsets.ISO_8859_1);
    long executions = 0;
    String coverage = "no coverage";
    for (Matcher status = STATUS.matcher(said); status.find(); ) {
      executions = Long.parseLong(status.group(1));
      coverage = status.group(2);
    }
    return new Result(
        target,
        seconds,
        executions,
        coverage,
        exit == 0 ? null : finding(exit, said, log, findings));
  }

  private String finding(int exit, String said, Path log, Path findings) throws IOException {
    Matcher matcher = FINDING.matcher(said);
    int from = matcher.find() ? matcher.start() : Math.max(0, said.length() - 2000);
    String text = said.substring(from, Math.min(said.length(), from + 3000));
    return "FINDING, exit code "
        + exit
        + ", all of it in "
        + log
        + "\n"
        + text.strip()
        + "\n"
        + files(findings)
        + "again: mvn -q -Pfuzz -pl checks/fuzz -am -DskipTests verify -Dfuzz.args=\"--target "
        + name
        + " --replay FILE\"";
  }

  private static String files(Path findings) throws IOException {
    try (var files = Files.list(findings)) {
      List<Path> inputs = files.filter(file -> !file.toString().endsWith(".java")).toList();
      StringBuilder text = new StringBuilder();
      inputs.forEach(file -> text.append("file: ").append(file).append('\n'));
      return text.toString();
    }
  }
}
