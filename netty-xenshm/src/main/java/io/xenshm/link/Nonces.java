package io.xenshm.link;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Numbers that nobody else draws. */
final class Nonces {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Nonces() {}

  static long next() {
    return RANDOM.nextLong();
  }

  /** Returns 16 hexadecimal digits. */
  static String format(long nonce) {
    return HexFormat.of().toHexDigits(nonce);
  }
}
