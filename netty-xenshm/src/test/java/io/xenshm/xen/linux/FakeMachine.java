package io.xenshm.xen.linux;

import io.xenshm.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory with what a kernel shows under /dev and /sys; its devices are files or pipes. */
final class FakeMachine {
  private final Path root;

  FakeMachine(Path root) {
    this.root = root;
  }

  LinuxXenPaths paths() {
    return new LinuxXenPaths(
        root.resolve("dev"),
        root.resolve("modules"),
        root.resolve("hypervisor"),
        root.resolve("xenstored/socket"),
        root.resolve("run"),
        root.resolve("shm"));
  }

  FakeMachine hypervisor(String type) throws IOException {
    Files.createDirectories(paths().hypervisor());
    Files.writeString(paths().hypervisor().resolve("type"), type + "\n");
    return this;
  }

  /** A device that can be opened and knows no request. */
  FakeMachine device(XenDeviceKind kind) throws IOException {
    Files.createDirectories(paths().devices());
    Files.writeString(paths().device(kind), "");
    return this;
  }

  FakeMachine allDevices() throws IOException {
    for (XenDeviceKind kind : XenDeviceKind.values()) {
      device(kind);
    }
    return this;
  }

  /** A device that can be read and written like a pipe. */
  FakeMachine pipe(XenDeviceKind kind) throws IOException {
    Files.createDirectories(paths().devices());
    Posix.mkfifo(paths().device(kind).toString());
    return this;
  }

  FakeMachine limit(XenDeviceKind kind, String value) throws IOException {
    Files.createDirectories(paths().limitOf(kind).getParent());
    Files.writeString(paths().limitOf(kind), value + "\n");
    return this;
  }
}
