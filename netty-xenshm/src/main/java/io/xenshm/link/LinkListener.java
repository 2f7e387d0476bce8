package io.xenshm.link;

/** Is told of a link's events, on the event loop that uses it. */
public interface LinkListener {
  /** Does nothing. */
  LinkListener IGNORING =
      new LinkListener() {
        @Override
        public void doorbell() {}

        @Override
        public void loopEnds() {}
      };

  /** The peer rang, closed or died, or nothing happened. */
  void doorbell();

  /**
   * The event loop ends; the link is closed already. Where no loop used it, this is told on the
   * thread of the loop that its port belongs to.
   */
  void loopEnds();

  /** The event loop that the port belongs to ends, and is not this one: the link must be closed. */
  default void homeEnds() {
    loopEnds();
  }
}
