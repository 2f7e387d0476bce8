package io.xenshm.sim;

import io.xenshm.sim.xenstore.SimXenStore;
import io.xenshm.xen.XenException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/** The paths in a simulated host's directory, which the package's description draws. */
final class HostDirectory {
  /** What a Unix socket's address has room for, in bytes (sys/un.h), less the final NUL. */
  private static final int MAX_SOCKET_PATH = 107;

  private static final String MARKER = "xenshm-host";

  private final Path root;

  HostDirectory(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  Path root() {
    return root;
  }

  Path marker() {
    return root.resolve(MARKER);
  }

  Path hypercallSocket(int domainId) {
    return root.resolve("hypercall").resolve(domainId + ".sock");
  }

  Path xenStoreSocket(int domainId) {
    return SimXenStore.socketPath(root, domainId);
  }

  Path portTable(int domainId) {
    return root.resolve("ports").resolve(Integer.toString(domainId));
  }

  Path doorbell(int number) {
    return root.resolve("doorbells").resolve(Integer.toUnsignedString(number));
  }

  Path pages(long handle) {
    return root.resolve("pages").resolve(Long.toString(handle));
  }

  Path runtime(int domainId) {
    return root.resolve("run").resolve(Integer.toString(domainId));
  }

  /** Says whether a simulated host has, or had, its files here. */
  boolean isMarked() {
    return Files.isRegularFile(marker());
  }

  /** Makes the directories of a new host, and throws away what an earlier one left behind. */
  void prepare() throws IOException {
    checkSocketPaths();
    Files.createDirectories(root);
    if (!isMarked()) {
      try (Stream<Path> entries = Files.list(root)) {
        if (entries.findAny().isPresent()) {
          throw new XenException(
              root + " holds other files than a simulated Xen host's; choose an empty directory");
        }
      }
      Files.writeString(marker(), "simulated Xen host\n", StandardCharsets.US_ASCII);
    }
  }

  /** Removes everything but the marker. */
  void clear() throws IOException {
    for (String name : List.of("hypercall", "xenstore", "ports", "doorbells", "pages", "run")) {
      deleteTree(root.resolve(name));
    }
  }

  void makeDirectories() throws IOException {
    for (String name : List.of("hypercall", "ports", "doorbells", "pages", "run")) {
      Files.createDirectories(root.resolve(name));
    }
  }

  static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException e)
              throws IOException {
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /**
   * Checks that a process of the domain can find a host here.
   *
   * @throws XenException if not, with the reason and what to do
   */
  void checkDomain(int domainId) throws XenException {
    checkSocketPaths();
    if (!isMarked()) {
      throw new XenException(
          root
              + " is not a simulated Xen host; start one with: xenshm sim "
              + root
              + " --domains 2");
    }
    if (Files.exists(hypercallSocket(domainId))) {
      return;
    }
    List<Integer> domains = domains();
    if (domains.isEmpty()) {
      throw notRunning(null);
    }
    throw new XenException(
        "the simulated Xen host in "
            + root
            + " has no domain "
            + domainId
            + "; it has "
            + domains
            + ": choose one of them with XENSHM_SIM_DOMID, or start the host with more");
  }

  XenException notRunning(Throwable cause) {
    return new XenException(
        "the simulated Xen host in "
            + root
            + " is not running; start it with: xenshm sim "
            + root
            + " --domains 2",
        cause);
  }

  private List<Integer> domains() {
    try (Stream<Path> sockets = Files.list(root.resolve("hypercall"))) {
      return sockets
          .map(path -> path.getFileName().toString())
          .filter(name -> name.matches("\\d+\\.sock"))
          .map(name -> Integer.valueOf(name.substring(0, name.indexOf('.'))))
          .sorted()
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void checkSocketPaths() throws XenException {
    int longest =
        hypercallSocket(SimulatedDomain.MAX_ID).toString().getBytes(StandardCharsets.UTF_8).length;
    if (longest > MAX_SOCKET_PATH) {
      throw new XenException(
          "the path of the simulated Xen host is too long for Unix sockets, by "
              + (longest - MAX_SOCKET_PATH)
              + " bytes: "
              + root
              + "; choose a shorter one");
    }
  }
}
