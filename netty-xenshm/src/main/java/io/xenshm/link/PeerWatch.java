package io.xenshm.link;

/** One link's interest in the death of its peer's domain. */
interface PeerWatch {
  /** Ends the interest. */
  void cancel();
}
