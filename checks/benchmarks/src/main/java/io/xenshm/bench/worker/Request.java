package io.xenshm.bench.worker;

import io.netty.buffer.ByteBuf;

/**
 * What a client wants of a new connection. It is the first thing sent over it, and answered with
 * one byte.
 *
 * @param echo whether the server sends everything back; otherwise it counts the bytes, and answers
 *     with their number when all came
 * @param spins whether the server's event loop may look for data before it sleeps
 * @param total bytes that the client sends, where they are counted
 */
record Request(boolean echo, boolean spins, long total) {
  static final int BYTES = 2 + Long.BYTES;

  /** A connection on which nothing more happens. */
  static final Request NOTHING = new Request(false, true, 0);

  void write(ByteBuf out) {
    out.writeBoolean(echo).writeBoolean(spins).writeLong(total);
  }

  static Request read(ByteBuf in) {
    return new Request(in.readBoolean(), in.readBoolean(), in.readLong());
  }
}
