package io.xenshm.containers;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;
import org.testcontainers.dockerclient.TransportConfig;

/** Finds Podman at its own sockets, where Testcontainers does not look. */
public final class PodmanStrategy extends DockerClientProviderStrategy {

  private static Optional<Path> socket() {
    return Stream.of(System.getenv("XDG_RUNTIME_DIR"), "/run")
        .filter(Objects::nonNull)
        .map(directory -> Path.of(directory, "podman/podman.sock"))
        .filter(Files::isWritable)
        .findFirst();
  }

  @Override
  protected boolean isApplicable() {
    return socket().isPresent();
  }

  @Override
  public TransportConfig getTransportConfig() {
    return TransportConfig.builder()
        .dockerHost(URI.create("unix://" + socket().orElseThrow()))
        .build();
  }

  /** Comes after all of Testcontainers' own. */
  @Override
  protected int getPriority() {
    return 1;
  }

  @Override
  public String getDescription() {
    return "Podman's socket";
  }
}
