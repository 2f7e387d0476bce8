package io.xenshm.xenstore;

import io.xenshm.xen.XenStoreException.Code;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Strings in frames: each ends in a zero byte. */
final class Payloads {
  private static final byte[] NONE = new byte[0];

  private Payloads() {}

  static byte[] of(String... strings) {
    return of(List.of(strings), NONE);
  }

  /** Strings, then bytes without an end mark. */
  static byte[] of(List<String> strings, byte[] rest) {
    byte[] text =
        strings.isEmpty()
            ? NONE
            : (String.join("\0", strings) + "\0").getBytes(StandardCharsets.UTF_8);
    byte[] payload = Arrays.copyOf(text, text.length + rest.length);
    System.arraycopy(rest, 0, payload, text.length, rest.length);
    return payload;
  }

  /** Returns all strings; what follows the last end mark is one too. */
  static List<String> strings(byte[] payload) {
    List<String> strings = new ArrayList<>();
    int start = 0;
    while (start < payload.length) {
      int end = start;
      while (end < payload.length && payload[end] != 0) {
        end++;
      }
      strings.add(new String(payload, start, end - start, StandardCharsets.UTF_8));
      start = end + 1;
    }
    return strings;
  }

  static String firstString(byte[] payload) {
    List<String> strings = strings(payload);
    return strings.isEmpty() ? "" : strings.get(0);
  }

  /** Returns an error's code; EIO for one that is not known. */
  static Code errorCode(String error) {
    for (Code code : Code.values()) {
      if (code != Code.TIMEOUT && code != Code.DISCONNECTED && code.name().equals(error)) {
        return code;
      }
    }
    return Code.EIO;
  }
}
