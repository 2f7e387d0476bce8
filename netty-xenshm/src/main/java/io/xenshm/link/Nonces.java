package io.xenshm.link;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Numbers that nobody else draws. */
final class Nonces {
  private static final SecureRandom RANDOM = new SecureRandom();

  private static final Pattern FORMAT = Pattern.compile("[0-9a-f]{16}");

  private Nonces() {}

  /** Says whether a text can be one that {@link #format} returned. */
  static boolean isNonce(String text) {
    return FORMAT.matcher(text).matches();
  }

  static long next() {
    return RANDOM.nextLong();
  }

  /** Returns 16 hexadecimal digits. */
  static String format(long nonce) {
    return HexFormat.of().toHexDigits(nonce);
  }
}
