package io.xenshm.link;

/** Is told of a link's events, on its event loop. */
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

  /** The event loop ends; the link is closed already. */
  void loopEnds();
}
