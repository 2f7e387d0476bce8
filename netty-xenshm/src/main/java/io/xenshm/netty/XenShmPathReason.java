package io.xenshm.netty;

import static io.xenshm.netty.XenShmPath.SHARED_MEMORY;
import static io.xenshm.netty.XenShmPath.TCP;

/** Why a connection took its path. */
public enum XenShmPathReason {
  /** The peer is a guest of this host. */
  CO_RESIDENT(SHARED_MEMORY, "the peer is a guest of this host"),
  /** The program named the domain, by a {@link XenShmAddress}. */
  EXPLICIT_PEER(SHARED_MEMORY, "the program named the peer's domain"),

  /** The program switched shared memory off. */
  MODE_OFF(TCP, "XENSHM_MODE is OFF"),
  /** The event loop has no access to Xen; see {@link XenShm#unavailabilityCause()}. */
  XEN_UNAVAILABLE(TCP, "Xen is not available"),
  /** No guest that this one may reach has the address. */
  NOT_CO_RESIDENT(TCP, "no guest of this host has the address"),
  /** It is an address of this guest itself. */
  OWN_DOMAIN(TCP, "the address is this guest's own"),
  /** Guests on different networks have the same address. */
  AMBIGUOUS(
      TCP,
      "several guests of this host have the address",
      "name one by a XenShmAddress, or give them addresses of their own"),
  /** dom0's agent has written no table for this guest. */
  NO_TABLE(TCP, "dom0's agent has written no table for this guest"),
  /** XenStore does not answer. */
  XENSTORE_UNAVAILABLE(
      TCP,
      "XenStore does not answer",
      "look after dom0's XenStore daemon, or raise xenshm.xenstore.timeoutSeconds"),
  /** Nobody listens there by shared memory. */
  NO_LISTENER(TCP, "nobody listens there by shared memory"),
  /** The listener speaks other versions of the protocol. */
  VERSION_MISMATCH(
      TCP,
      "the listener speaks other versions of the protocol",
      "run the same version of netty-xenshm at both ends"),
  /** The listener refused. */
  REFUSED(TCP, "the listener refused shared memory", "the listener's log says more"),
  /**
   * Shared memory with the peer is not allowed, by {@link XenShmChannelOption#XENSHM_PEERS} or
   * {@code xenshm.peers.allow} and {@code xenshm.peers.deny}.
   */
  PEER_DENIED(
      TCP,
      "XENSHM_PEERS, xenshm.peers.allow or xenshm.peers.deny excludes the peer",
      "add the guest to what is allowed, or set XENSHM_MODE to OFF"),
  /** A limit of this guest, of the peer in it ({@link XenShmLimit}), or of XenStore is reached. */
  QUOTA(
      TCP,
      "a limit is reached",
      "raise that limit, keep fewer connections open, or make XENSHM_RING_SIZE smaller"),
  /** The listener did not answer in time. */
  TIMED_OUT(
      TCP,
      "the listener did not answer in time",
      "see what keeps the listener's event loop busy, or raise the time-out"),
  /** Xen failed; the log says how. */
  FAILED(TCP, "Xen failed", "`./xenshm doctor` looks at what this guest has of Xen"),
  /** At the server: the client came by TCP. */
  PEER_CHOSE_TCP(TCP, "the client came by TCP");

  private final XenShmPath path;
  private final String text;
  private final String nextStep;

  /** A reason that is as it should be. */
  XenShmPathReason(XenShmPath path, String text) {
    this(path, text, null);
  }

  /**
   * A reason that makes connections slower although the peer is, or may be, a guest of this host.
   */
  XenShmPathReason(XenShmPath path, String text, String nextStep) {
    this.path = path;
    this.text = text;
    this.nextStep = nextStep;
  }

  /** Returns what to do about it; {@code null} where it is as it should be. */
  String nextStep() {
    return nextStep;
  }

  /** Returns the path that a connection takes for this reason. */
  public XenShmPath path() {
    return path;
  }

  /** Returns the reason in words. */
  public String text() {
    return text;
  }
}
