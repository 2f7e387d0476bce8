package io.xenshm.examples.transfer;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * What the sender says before a file's bytes; all numbers are big-endian.
 *
 * <pre>
 *   0                8                                40
 *   +----------------+--------------------------------+------------------
 *   | length, 64 bit | SHA-256 of the content         | the content ...
 *   +----------------+--------------------------------+------------------
 * </pre>
 *
 * <p>The receiver answers with the number of bytes that it has (64 bit): 0 when it is ready for the
 * content, and the length when it has it all; then with the SHA-256 of what it received. The sender
 * waits for the first answer before it sends the content.
 */
final class TransferHeader {
  static final int BYTES = Long.BYTES + Sha256.BYTES;

  private final long length;
  private final byte[] sha256;

  TransferHeader(long length, byte[] sha256) {
    this.length = length;
    this.sha256 = sha256;
  }

  static TransferHeader read(ByteBuf in) {
    long length = in.readLong();
    byte[] sha256 = new byte[Sha256.BYTES];
    in.readBytes(sha256);
    return new TransferHeader(length, sha256);
  }

  void write(ByteBuf out) {
    out.writeLong(length).writeBytes(sha256);
  }

  /** Returns the number of bytes of content. */
  long length() {
    return length;
  }

  boolean announces(byte[] received) {
    return Arrays.equals(sha256, received);
  }
}
