package io.xenshm.containers;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.testcontainers.containers.GenericContainer;

/**
 * A container with one Java program, which sees this process's class path and a host's memory.
 *
 * @param <S> the class itself
 */
abstract class JavaContainer<S extends JavaContainer<S>> extends GenericContainer<S> {
  /** Where containers see the memory that they share. */
  static final String SHARED_DIRECTORY = "/xen";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Small, and quick to start: the containers of a test share few processors. */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:-UsePerfData",
          // a busy machine is no reason for TCP
          "-Dxenshm.connectTimeoutMillis=20000");

  private final String title;
  private final String volume;
  private final ContainerLines lines = new ContainerLines();
  private Limits limits = new Limits(0, 0);

  private record Limits(int megabytes, double processors) {}

  /**
   * Describes a container.
   *
   * @param title what messages call it
   * @param volume the name of the volume with the host's memory
   */
  JavaContainer(String title, String volume, Class<?> program, List<String> arguments) {
    super(JavaImage.get());
    this.title = title;
    this.volume = volume;
    withCommand(command(program, arguments).toArray(String[]::new));
    withLogConsumer(lines);
    withCreateContainerCmdModifier(this::configure);
  }

  static List<String> command(Class<?> program, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(JavaImage.java());
    command.addAll(JVM_OPTIONS);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(program.getName());
    command.addAll(arguments);
    return command;
  }

  private void configure(CreateContainerCmd create) {
    List<Mount> mounts = new ArrayList<>();
    mounts.add(
        new Mount().withType(MountType.VOLUME).withSource(volume).withTarget(SHARED_DIRECTORY));
    JavaImage.bound().forEach(bound -> mounts.add(readOnly(bound.here(), bound.there())));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      // Surefire's class path ends with a separator
      if (!entry.isEmpty() && Files.exists(Path.of(entry))) {
        mounts.add(readOnly(Path.of(entry), entry));
      }
    }
    HostConfig config = Objects.requireNonNull(create.getHostConfig());
    config.withMounts(mounts);
    if (limits.megabytes > 0) {
      config
          .withMemory((long) limits.megabytes << 20)
          .withNanoCPUs((long) (limits.processors * 1e9));
    }
    // some programs serve until the end of their standard input
    create.withStdinOpen(true);
  }

  private static Mount readOnly(Path here, String there) {
    return new Mount()
        .withType(MountType.BIND)
        .withSource(here.toAbsolutePath().toString())
        .withTarget(there)
        .withReadOnly(true);
  }

  /** Limits what the container may use, from its next start on. */
  public S withLimits(int megabytes, double processors) {
    limits = new Limits(megabytes, processors);
    return self();
  }

  @Override
  public void start() {
    lines.clear();
    super.start();
  }

  /**
   * Returns the next line of its output that begins with a text.
   *
   * @throws IOException if the container ends before, or no such line comes within a minute; with
   *     the last lines
   */
  public String awaitLine(String start) throws IOException, InterruptedException {
    return lines.await(title, start, PATIENCE);
  }

  /**
   * Waits for its end.
   *
   * @throws IOException if it does not end within a minute
   */
  public void awaitEnd() throws IOException, InterruptedException {
    lines.awaitEnd(title, PATIENCE);
  }

  /** Returns all lines that it printed since it was started. */
  public List<String> lines() {
    return lines.all();
  }

  /** Ends it at once, as a power cut does. It stays, stopped, until {@link #stop()}. */
  public void kill() {
    getDockerClient().killContainerCmd(getContainerId()).exec();
  }

  /** Freezes its processes. */
  public void pause() {
    getDockerClient().pauseContainerCmd(getContainerId()).exec();
  }

  /** Lets its processes go on. */
  public void resume() {
    getDockerClient().unpauseContainerCmd(getContainerId()).exec();
  }

  /** Equality is identity, as containers have a state. */
  @Override
  public final boolean equals(Object other) {
    return this == other;
  }

  @Override
  public final int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return title;
  }
}
