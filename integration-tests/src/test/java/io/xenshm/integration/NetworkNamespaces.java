package io.xenshm.integration;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Two network namespaces with a cable between them: the guests of one host, and the rest of the
 * network. Nothing of the machine's own network is touched.
 */
final class NetworkNamespaces implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 30;

  private final String host = "xenshm-" + ProcessHandle.current().pid() + "-host";
  private final String elsewhere = "xenshm-" + ProcessHandle.current().pid() + "-else";

  /** Returns why namespaces cannot be made here; {@code null} where they can. */
  static String obstacle() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return "network namespaces need root";
    }
    boolean tool =
        Stream.of("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")
            .anyMatch(path -> Files.isExecutable(Path.of(path)));
    return tool ? null : "network namespaces need the command ip (Debian: iproute2)";
  }

  /**
   * Makes them.
   *
   * @param hostAddresses addresses of the guests, in one /24
   * @param elsewhereAddress an address of the same network that is no guest's
   */
  NetworkNamespaces(List<String> hostAddresses, String elsewhereAddress) throws IOException {
    ip("netns", "add", host);
    ip("netns", "add", elsewhere);
    ip("-n", host, "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", elsewhere);
    for (String namespace : List.of(host, elsewhere)) {
      ip("-n", namespace, "link", "set", "lo", "up");
      ip("-n", namespace, "link", "set", "eth0", "up");
    }
    for (String address : hostAddresses) {
      ip("-n", host, "address", "add", address + "/24", "dev", "eth0");
    }
    ip("-n", elsewhere, "address", "add", elsewhereAddress + "/24", "dev", "eth0");
  }

  /** Returns what runs a command among the guests. */
  List<String> onHost() {
    return List.of("ip", "netns", "exec", host);
  }

  /** Returns what runs a command in the rest of the network. */
  List<String> elsewhere() {
    return List.of("ip", "netns", "exec", elsewhere);
  }

  private static void ip(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + output.trim());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    ip("netns", "delete", host);
    ip("netns", "delete", elsewhere);
  }
}
