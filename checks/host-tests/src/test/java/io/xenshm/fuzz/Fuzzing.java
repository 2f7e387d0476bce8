package io.xenshm.fuzz;

import java.util.List;
import java.util.logging.LogManager;

/** The fuzz targets, and what all of them need. */
public final class Fuzzing {
  private static final String PACKAGE = "io.xenshm.";

  /** The classes of the targets, without the package that all begin with. */
  private static final List<String> TARGETS =
      List.of(
          "ring.ByteRingFuzz",
          "ring.PacketRingFuzz",
          "link.OfferNodeFuzz",
          "link.ServerLinkFuzz",
          "link.ClientLinkFuzz",
          "directory.PeerNodesFuzz",
          "directory.DirectoryFuzz",
          "agent.AgentFuzz",
          "xenstore.XenStoreFrameFuzz",
          "xenstore.XenStoreClientFuzz",
          "sim.xenstore.StoreDaemonFuzz");

  private Fuzzing() {}

  /** Returns the names of all targets' classes. */
  public static List<String> targets() {
    return TARGETS.stream().map(PACKAGE::concat).toList();
  }

  /** Silences the loggers: what a hostile peer does is logged, millions of times here. */
  public static void quiet() {
    LogManager.getLogManager().reset();
  }

  /** Fails the run unless the condition holds. */
  public static void check(boolean condition, String expected) {
    if (!condition) {
      throw new AssertionError("not so: " + expected);
    }
  }
}
