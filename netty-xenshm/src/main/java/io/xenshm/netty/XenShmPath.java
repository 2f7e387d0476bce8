package io.xenshm.netty;

/** The way that a connection's bytes take. */
public enum XenShmPath {
  /** Pages that the two guests share. */
  SHARED_MEMORY,
  /** The network. */
  TCP
}
