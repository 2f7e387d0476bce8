package io.xenshm.soak;

import io.netty.buffer.ByteBuf;

/**
 * What a client asks of a connection: the first bytes that it sends.
 *
 * @param seed chooses the bytes of both directions
 * @param up bytes from the client to the server
 * @param down bytes from the server to the client
 * @param pauseEvery a receiver stops reading for a while after so many bytes; 0: it never does
 */
record Transfer(long seed, long up, long down, int pauseEvery) {
  static final int HEADER_SIZE = 3 * Long.BYTES + Integer.BYTES;

  /** A server's last words: the digest of what it received. */
  static final int DIGEST_SIZE = 32;

  static Transfer read(ByteBuf header) {
    return new Transfer(header.readLong(), header.readLong(), header.readLong(), header.readInt());
  }

  void write(ByteBuf header) {
    header.writeLong(seed).writeLong(up).writeLong(down).writeInt(pauseEvery);
  }

  Pattern upward() {
    return new Pattern(seed);
  }

  Pattern downward() {
    return new Pattern(~seed);
  }
}
