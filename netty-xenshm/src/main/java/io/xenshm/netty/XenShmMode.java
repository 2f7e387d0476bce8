package io.xenshm.netty;

/** Whether a channel uses shared memory, see {@link XenShmChannelOption#XENSHM_MODE}. */
public enum XenShmMode {
  /** Shared memory where the peer is a guest of this host, TCP otherwise. */
  PREFERRED,
  /**
   * Shared memory or nothing: a connect that would end in TCP fails, and so does a bind that cannot
   * be announced in XenStore. A listener refuses TCP connections.
   */
  REQUIRED,
  /** TCP always. */
  OFF
}
