package io.xenshm.link;

import java.io.IOException;

/**
 * An offer, or its descriptor page, that no honest client makes. The message names the field and
 * its value.
 */
public final class MalformedOfferException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedOfferException(String message) {
    super(message);
  }
}
