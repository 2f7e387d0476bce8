package io.xenshm.link;

import io.xenshm.sim.ChildJvm;
import io.xenshm.sim.SimulatedXen;
import io.xenshm.testing.ForwardingXen;
import io.xenshm.xen.Xen;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A process that listens for streams at a port of domain 1, to be killed. */
final class ListeningProgram {
  static final int DOMAIN = 1;

  private ListeningProgram() {}

  /** Arguments: the host's directory, the directory of lock files, the port. */
  public static void main(String[] args) throws Exception {
    Xen xen = withLocksIn(Path.of(args[1]), SimulatedXen.open(Path.of(args[0]), DOMAIN));
    bind(LinkNode.acquire(xen), Integer.parseInt(args[2]));
    System.out.println(ChildJvm.READY);
    new CountDownLatch(1).await();
  }

  static void bind(LinkNode node, int port) throws Exception {
    node.listeners()
        .bind(LinkKind.STREAM, new InetSocketAddress("10.0.0.1", port), offer -> {})
        .get(60, TimeUnit.SECONDS);
  }

  /** A back end in a mount namespace of its own, as it were. */
  static Xen withLocksIn(Path directory, Xen xen) {
    return new ForwardingXen(xen) {
      @Override
      public Path runtimeDirectory() {
        return directory;
      }
    };
  }
}
