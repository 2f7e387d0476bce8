package io.xenshm.xenstore;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The real {@code oxenstored} of Debian's packages, run without Xen as a plain server on a Unix
 * socket. Every client is dom0 there. The packages are unpacked into a cache, not installed.
 */
public final class Oxenstored implements AutoCloseable {
  private static final List<String> PACKAGES =
      List.of(
          "xen-utils-4.17",
          "libxenmisc4.17",
          "libxencall1",
          "libxendevicemodel1",
          "libxenevtchn1",
          "libxenforeignmemory1",
          "libxengnttab1",
          "libxentoolcore1",
          "libxentoollog1");
  private static final String PROGRAM = "usr/lib/xen-4.17/bin/oxenstored";
  private static final int TIMEOUT_SECONDS = 120;

  private final Process process;
  private final Path socket;

  private Oxenstored(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /**
   * Starts it.
   *
   * @param work an empty directory
   * @throws IOException with the reason, if it cannot run here
   */
  public static Oxenstored start(Path work) throws IOException, InterruptedException {
    Path root = unpacked();
    Path script = work.resolve("oxenstored.py");
    try (InputStream in = Oxenstored.class.getResourceAsStream("oxenstored.py")) {
      Files.copy(in, script);
    }
    Path state = Files.createDirectory(work.resolve("state"));
    Path log = work.resolve("output");
    Process process =
        new ProcessBuilder(
                "unshare", "-r", "-m", "python3", script.toString(), root.toString(), "" + state)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Oxenstored daemon = new Oxenstored(process, state.resolve("xenstored.sock"));
    try {
      daemon.awaitAnswer(log);
      return daemon;
    } catch (IOException | InterruptedException e) {
      daemon.close();
      throw e;
    }
  }

  /** Returns its socket. */
  public XenStoreEndpoint endpoint() {
    return XenStoreEndpoint.unixSocket(socket);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  private void awaitAnswer(Path log) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (System.nanoTime() - end < 0) {
      if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
        throw new IOException("oxenstored ended: " + lastLine(log));
      }
      if (!Files.exists(socket)) {
        continue;
      }
      try (XenStoreClient client = XenStoreClient.connect(endpoint())) {
        client.list("/").join();
        return;
      } catch (IOException | java.util.concurrent.CompletionException e) {
        // The socket is there before the daemon is.
      }
    }
    throw new IOException("oxenstored does not answer: " + lastLine(log));
  }

  private static Path unpacked() throws IOException, InterruptedException {
    Path cache = Path.of(System.getProperty("user.home"), ".cache", "netty-xenshm");
    Path root = cache.resolve("oxenstored-4.17");
    if (Files.isExecutable(root.resolve(PROGRAM))) {
      return root;
    }
    Files.createDirectories(cache);
    Path download = Files.createTempDirectory(cache, "download");
    try {
      List<String> get = new ArrayList<>(List.of("apt-get", "download"));
      get.addAll(PACKAGES);
      run(download, get);
      try (Stream<Path> files = Files.list(download)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".deb")).toList()) {
          run(download, List.of("dpkg", "-x", file.toString(), download + "/root"));
        }
      }
      if (!Files.exists(root)) {
        Files.move(download.resolve("root"), root);
      }
      return root;
    } finally {
      run(cache, List.of("rm", "-rf", download.toString()));
    }
  }

  private static void run(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("command", ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(command + " took too long");
      }
      if (process.exitValue() != 0) {
        throw new IOException(command + " failed: " + lastLine(output));
      }
    } finally {
      Files.delete(output);
    }
  }

  private static String lastLine(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    return lines.isEmpty() ? "no output" : lines.get(lines.size() - 1);
  }
}
