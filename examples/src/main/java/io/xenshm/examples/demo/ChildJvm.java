package io.xenshm.examples.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A Java program in a process of its own, with this process's Java and class path. Its standard
 * input stays open as long as this process lives: a child that ends when it reads the end of it
 * never outlives its parent.
 *
 * <p>One thread at a time may wait for lines; {@link #kill()} and {@link #close()} may be called
 * from any thread.
 */
public final class ChildJvm implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String name;
  private final Process process;
  private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
  private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
  private final Thread errorReader;

  private ChildJvm(String name, Process process) {
    this.name = name;
    this.process = process;
    startReader(
        process.getInputStream(),
        line -> lines.add(Optional.of(line)),
        () -> lines.add(Optional.empty()));
    this.errorReader = startReader(process.getErrorStream(), errors::add, () -> {});
  }

  /**
   * Starts a program.
   *
   * @param name what messages call it
   * @param mainClass the class with its {@code main}
   * @param environment variables that it gets besides those of this process
   * @param systemProperties its system properties
   * @param arguments its arguments
   */
  public static ChildJvm start(
      String name,
      Class<?> mainClass,
      Map<String, String> environment,
      Map<String, String> systemProperties,
      List<String> arguments)
      throws IOException {
    return start(
        name,
        mainClass,
        environment,
        systemProperties.entrySet().stream()
            .map(property -> "-D" + property.getKey() + "=" + property.getValue())
            .toList(),
        arguments);
  }

  /** As the other one, with any options of the Java virtual machine, such as {@code -Xmx1g}. */
  public static ChildJvm start(
      String name,
      Class<?> mainClass,
      Map<String, String> environment,
      List<String> jvmOptions,
      List<String> arguments)
      throws IOException {
    return start(name, List.of(), mainClass, environment, jvmOptions, arguments);
  }

  /** As the other one, by a launcher such as {@code ip netns exec NAME}. */
  public static ChildJvm start(
      String name,
      List<String> launcher,
      Class<?> mainClass,
      Map<String, String> environment,
      List<String> jvmOptions,
      List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(launcher);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(jvmOptions);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(mainClass.getName());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return new ChildJvm(name, builder.start());
  }

  private static Thread startReader(InputStream stream, Consumer<String> eachLine, Runnable atEnd) {
    return Thread.ofVirtual()
        .start(
            () -> {
              try (BufferedReader reader =
                  new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                reader.lines().forEach(eachLine);
              } catch (IOException | UncheckedIOException e) {
                // the process is gone, which is the end of its output too
              } finally {
                atEnd.run();
              }
            });
  }

  /** Returns the process. */
  public Process process() {
    return process;
  }

  /**
   * Returns the next line of the child's standard output.
   *
   * @throws IOException if the child ends before, with its last error line, or nothing comes in
   *     time
   */
  public String readLine(Duration timeout) throws IOException, InterruptedException {
    Optional<String> line = lines.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
    if (line == null) {
      throw new IOException(name + " said nothing for " + timeout.toSeconds() + " s");
    }
    if (line.isEmpty()) {
      lines.add(line);
      throw new IOException(name + " ended with exit code " + awaitExit(PATIENCE) + lastError());
    }
    return line.get();
  }

  /**
   * Writes a line to the child's standard input.
   *
   * @throws IOException if the child is gone
   */
  public void writeLine(String line) throws IOException {
    OutputStream input = process.getOutputStream();
    input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** Returns what follows {@code word} and a blank in the next line that begins so. */
  public String awaitLine(String word, Duration timeout) throws IOException, InterruptedException {
    String start = word + " ";
    String line = readLine(timeout);
    while (!line.startsWith(start)) {
      line = readLine(timeout);
    }
    return line.substring(start.length());
  }

  /**
   * Waits for the end of the process, and returns its exit code.
   *
   * @throws IOException if it does not end in time
   */
  public int awaitExit(Duration timeout) throws IOException, InterruptedException {
    if (!process.waitFor(timeout)) {
      throw new IOException(name + " does not end");
    }
    errorReader.join(PATIENCE);
    return process.exitValue();
  }

  /** Returns the lines that the child wrote to standard error so far. */
  public List<String> errors() {
    synchronized (errors) {
      return List.copyOf(errors);
    }
  }

  /** Ends the process with SIGKILL. */
  public void kill() {
    process.destroyForcibly();
  }

  /** Ends the child's standard input, waits for the process, and kills it where that is in vain. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(PATIENCE)) {
        kill();
      }
      process.waitFor();
    } catch (IOException e) {
      kill();
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }

  private String lastError() {
    List<String> said = errors();
    return said.isEmpty() ? "" : ": " + said.get(said.size() - 1);
  }
}
