package io.xenshm.link;

/** Takes the offers for one listener. Called on XenStore's thread: it must hand over and return. */
@FunctionalInterface
public interface OfferHandler {
  /** A client offered a link. */
  void offered(IncomingOffer offer);
}
