package io.xenshm.sim;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program in a JVM of its own, to be killed. */
public final class ChildJvm {
  /** What the program prints when it is ready; arguments may follow. */
  public static final String READY = "READY";

  private final Process process;
  private final String readyLine;

  private ChildJvm(Process process, String readyLine) {
    this.process = process;
    this.readyLine = readyLine;
  }

  /** Starts a class's main method and waits until it says that it is ready. */
  public static ChildJvm start(Class<?> program, String... args) throws IOException {
    return start(List.of(), program, args);
  }

  /**
   * The same.
   *
   * @param options of the JVM
   */
  public static ChildJvm start(List<String> options, Class<?> program, String... args)
      throws IOException {
    return start(List.of(), options, System.getProperty("java.class.path"), program, args);
  }

  /**
   * The same, with a command before that of the JVM, as one that makes it another user's.
   *
   * @param classPath what that user can read
   */
  public static ChildJvm start(
      List<String> before, String classPath, Class<?> program, String... args) throws IOException {
    return start(before, List.of(), classPath, program, args);
  }

  private static ChildJvm start(
      List<String> before, List<String> options, String classPath, Class<?> program, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath));
    command.addAll(options);
    command.add(program.getName());
    command.addAll(List.of(args));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = output.readLine();
    while (line != null && !line.startsWith(READY)) {
      line = output.readLine();
    }
    if (line == null) {
      process.destroyForcibly();
      throw new IOException(program + " ended before it was ready");
    }
    return new ChildJvm(process, line);
  }

  /** Returns what the program said beside that it is ready. */
  public String readyText() {
    return readyLine.substring(READY.length()).strip();
  }

  /** Returns the numbers that the program said it is ready with. */
  public int[] readyNumbers() {
    return java.util.Arrays.stream(readyLine.split(" "))
        .skip(1)
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  /** Stops the program with SIGSTOP: all of its threads, until it is killed. */
  public void stop() throws IOException, InterruptedException {
    int status =
        new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).start().waitFor();
    if (status != 0) {
      throw new IOException("kill -STOP ended with " + status);
    }
  }

  /** Kills the program with SIGKILL and waits for its end. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
