package io.xenshm.sim;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The control operations of a process, and their frames on the host's Unix socket. One connection
 * is one process; it has one request under way at a time that is answered. Those marked with a star
 * get no reply: they cannot fail for a process that knows what it has. They are carried out before
 * whatever any process asks later. All numbers are little-endian.
 *
 * <pre>
 * request   0 u32 size of the frame   4 u32 operation   8 arguments
 * reply     0 u32 size of the frame   4 u32 status      8 results, or a message in UTF-8
 *
 * operation               arguments                                  results
 * 1 HELLO                 u32 version                                u32 domain
 * 2 GRANT                 u32 peer, u32 count                        u64 handle, u32 references[count]
 * 3 MAP                   u32 owner, u32 count, u32 references[]     u64 handle, u32 runs, runs[] of
 *                                                                    {u64 handle, u32 first page, u32 pages}
 * 4 NOTIFY_ON_UNMAP *     u64 handle, u64 offset, u32 doorbell,      -
 *                         u32 port
 * 5 RELEASE *             u64 handle                                 -
 * 6 OPEN_CHANNELS         -                                          u32 doorbell
 * 7 BIND_UNBOUND          u32 doorbell, u32 remote domain            u32 port
 * 8 BIND_INTERDOMAIN      u32 doorbell, u32 remote domain,           u32 port
 *                         u32 remote port
 * 9 UNBIND *              u32 doorbell, u32 port                     -
 * 10 CLOSE_CHANNELS       u32 doorbell                               -
 * 11 RESUME_DOMAIN        u32 domain, u32 new domain                 -; from domain 0: begins
 * </pre>
 *
 * <p>A run is a part of the file {@code DIR/pages/HANDLE}. The memory that a mapping consists of is
 * its runs, one after the other.
 */
enum Hypercall {
  HELLO(1),
  GRANT(2),
  MAP(3),
  NOTIFY_ON_UNMAP(4, false),
  RELEASE(5, false),
  OPEN_CHANNELS(6),
  BIND_UNBOUND(7),
  BIND_INTERDOMAIN(8),
  UNBIND(9, false),
  CLOSE_CHANNELS(10),
  RESUME_DOMAIN(11);

  static final int VERSION = 2;
  static final int HEADER_SIZE = 8;

  /** Room for the largest request, a map of 65,536 references. */
  static final int MAX_REQUEST_SIZE = 64 + Integer.BYTES * GrantTables.MAX_PAGES_PER_MAP;

  /** Room for the largest reply, a mapping of 65,536 runs. */
  static final int MAX_REPLY_SIZE = 64 + 16 * GrantTables.MAX_PAGES_PER_MAP;

  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int OVER_LIMIT = 2;

  private final int code;
  private final boolean answered;

  Hypercall(int code) {
    this(code, true);
  }

  Hypercall(int code, boolean answered) {
    this.code = code;
    this.answered = answered;
  }

  /** Whether the host replies. */
  boolean isAnswered() {
    return answered;
  }

  /** Returns the operation with a code; null if there is none. */
  static Hypercall of(int code) {
    return code >= 1 && code <= values().length ? values()[code - 1] : null;
  }

  /** Starts a request. {@link #finish} makes it ready to be sent. */
  ByteBuffer request(int argumentsSize) {
    return frame(code, argumentsSize);
  }

  /** Starts a reply. */
  static ByteBuffer reply(int status, int resultsSize) {
    return frame(status, resultsSize);
  }

  /** Sets a frame's size and makes it ready to be read from its start. */
  static ByteBuffer finish(ByteBuffer frame) {
    frame.putInt(0, frame.position());
    return frame.flip();
  }

  private static ByteBuffer frame(int codeOrStatus, int bodySize) {
    return ByteBuffer.allocate(HEADER_SIZE + bodySize)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0)
        .putInt(codeOrStatus);
  }
}
