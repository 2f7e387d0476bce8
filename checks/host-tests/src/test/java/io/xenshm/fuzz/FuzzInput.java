package io.xenshm.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of one run, as decisions. Where they are used up, every answer is zero. */
public final class FuzzInput {
  private final byte[] bytes;
  private int next;

  /** Decisions from these bytes. */
  public FuzzInput(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Returns whether no byte is left. */
  public boolean isEmpty() {
    return next == bytes.length;
  }

  /** Returns the next byte, 0 to 255. */
  public int u8() {
    return isEmpty() ? 0 : bytes[next++] & 0xFF;
  }

  /** Returns the next two bytes, little-endian. */
  public int u16() {
    return u8() | u8() << 8;
  }

  /** Returns the next four bytes, little-endian. */
  public int i32() {
    return u16() | u16() << 16;
  }

  /** Returns the next eight bytes, little-endian. */
  public long i64() {
    return Integer.toUnsignedLong(i32()) | (long) i32() << 32;
  }

  /** Returns a number from 0 to {@code bound - 1}; a bound up to 256 costs one byte. */
  public int below(int bound) {
    return (bound <= 256 ? u8() : u16()) % bound;
  }

  /** Returns a yes or a no. */
  public boolean yes() {
    return (u8() & 1) != 0;
  }

  /** Returns as many bytes as the next byte says. */
  public byte[] bytes() {
    return take(u8());
  }

  /** Returns as many characters as the next byte says, each of one byte. */
  public String text() {
    return new String(bytes(), StandardCharsets.ISO_8859_1);
  }

  /** Returns all that is left. */
  public byte[] rest() {
    return take(bytes.length);
  }

  private byte[] take(int count) {
    int end = Math.min(bytes.length, next + count);
    byte[] taken = Arrays.copyOfRange(bytes, next, end);
    next = end;
    return taken;
  }
}
