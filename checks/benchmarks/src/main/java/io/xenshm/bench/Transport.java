package io.xenshm.bench;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What is measured, by name. */
public enum Transport {
  /** This project's. */
  XENSHM("netty-xenshm", true),
  /** This project's channels where the peer is no guest of the same host. */
  XENSHM_TCP("netty-xenshm, TCP loopback", true),
  /** Netty's epoll transport over TCP on the loopback interface. */
  EPOLL("Netty epoll, TCP loopback", true),
  /** Netty's NIO transport over TCP on the loopback interface. */
  NIO("Netty NIO, TCP loopback", true),
  /** Netty's io_uring transport over TCP on the loopback interface. */
  IO_URING("Netty io_uring, TCP loopback", true),
  /** Netty's epoll transport over a Unix domain socket. */
  UDS("Netty epoll, Unix domain socket", true),
  /** A ring in shared memory, two spinning threads and nothing else. */
  RING("bare spinning ring, no Netty", false),
  /** Agrona's ring over a mapped file. */
  AGRONA("Agrona OneToOneRingBuffer, no Netty", false),
  /** Aeron over shared memory. */
  AERON("Aeron IPC, no Netty", false),
  /** One copy by one thread. */
  MEMCPY("memcpy, one thread", false);

  /** Hundreds of connections with one peer, and as many connects in a second as there can be. */
  private static final List<String> RAISED_LIMITS =
      List.of(
          "-Dxenshm.peer.maxConnections=4000",
          "-Dxenshm.peer.maxPages=200000",
          "-Dxenshm.peer.maxHeldPages=200000",
          "-Dxenshm.peer.maxOfferChangesPerSecond=1000000");

  private static final String AGRONA_NEEDS = "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED";

  private final String description;
  private final boolean netty;

  Transport(String description, boolean netty) {
    this.description = description;
    this.netty = netty;
  }

  /** Returns the transport of a name, or nothing. */
  public static Optional<Transport> of(String name) {
    return Arrays.stream(values()).filter(transport -> transport.label().equals(name)).findFirst();
  }

  /** Returns the name that options and tables use. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns what it is, in a few words. */
  public String description() {
    return description;
  }

  /** Whether the same Netty pipeline runs over it as over the others. */
  public boolean isNetty() {
    return netty;
  }

  /** Whether two processes can answer each other over it. */
  public boolean hasTwoEnds() {
    return this != MEMCPY;
  }

  /** Returns why it cannot run on this machine, or nothing. */
  public Optional<String> unavailability() {
    if (this == IO_URING && !IoUring.isAvailable()) {
      return Optional.of(firstLine(IoUring.unavailabilityCause()));
    }
    if (netty && this != NIO && !Epoll.isAvailable()) {
      return Optional.of(firstLine(Epoll.unavailabilityCause()));
    }
    return Optional.empty();
  }

  /** Returns the options that its processes' Java needs. */
  List<String> jvmOptions() {
    return switch (this) {
      case AGRONA, AERON -> List.of(AGRONA_NEEDS);
      case XENSHM -> RAISED_LIMITS;
      default -> List.of();
    };
  }

  private static String firstLine(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse(root.toString());
  }
}
