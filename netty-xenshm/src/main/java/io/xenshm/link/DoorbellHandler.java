package io.xenshm.link;

/** Is told of events on a port, on the thread of the {@link Doorbells} that the port belongs to. */
public interface DoorbellHandler {
  /** There was an event; perhaps without a cause. */
  void rung();

  /**
   * Says whether bytes moved in either direction since this was asked before: where they did, the
   * peer's events are the price of its work. Events of handshakes and partings move none.
   */
  default boolean movedBytes() {
    return false;
  }

  /**
   * This domain was suspended and resumed: no event comes any more, and no memory is shared any
   * more.
   */
  void suspended();

  /**
   * The event loop ends, and with it the port. Memory that depends on the port must be given back
   * now.
   */
  void loopEnds();

  /**
   * The event loop is about to end: what another loop uses must come back.
   *
   * @return whether something is still used elsewhere
   */
  default boolean recall() {
    return false;
  }
}
