package io.xenshm.xenstore;

import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.xenshm.posix.Posix;
import io.xenshm.posix.PosixException;
import io.xenshm.xen.XenStoreException.Code;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Frames over a descriptor, for one thread. A frame goes out with one {@code write(2)}: the
 * kernel's device wants it so.
 */
final class FrameStream {
  private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(FrameStream.class);

  /** Bytes of the first input buffer; it grows where a larger frame comes. */
  private static final int INPUT_SIZE = 16 * 1024;

  // asm-generic/errno-base.h and errno.h
  private static final int E2BIG = 7;
  private static final int EPIPE = 32;
  private static final int ECONNRESET = 104;

  private final int fd;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment output;
  private final int maxReplyPayload;
  private MemorySegment input = arena.allocate(INPUT_SIZE);
  private ByteBuffer received = input.asByteBuffer().flip().limit(0);

  /**
   * Creates it.
   *
   * @param maxFrame bytes of a frame that is written, at most
   * @param maxReplyPayload bytes of payload of a frame that is read, at most
   */
  FrameStream(int fd, int maxFrame, int maxReplyPayload) {
    this.fd = fd;
    this.maxReplyPayload = maxReplyPayload;
    output = arena.allocate(maxFrame);
  }

  /** The descriptor took nothing of the frame, and goes on. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Code code;

    RefusedException(Code code, String message) {
      super(message);
      this.code = code;
    }

    Code code() {
      return code;
    }
  }

  int fd() {
    return fd;
  }

  void write(XenStoreFrame frame) throws IOException {
    ByteBuffer bytes = output.asByteBuffer();
    frame.encode(bytes);
    int written = 0;
    while (written < frame.size()) {
      try {
        written += Posix.write(fd, output.asSlice(written, frame.size() - written));
      } catch (PosixException e) {
        if (e.errno() == Posix.EINTR) {
          continue;
        }
        if (written == 0 && e.errno() != EPIPE && e.errno() != ECONNRESET) {
          throw new RefusedException(codeOf(e.errno()), e.getMessage());
        }
        throw e;
      }
    }
  }

  /** Reads once what there is; the descriptor is readable. */
  void fill() throws IOException {
    received.compact();
    if (!received.hasRemaining()) {
      growInput();
    }
    int count;
    try {
      count = Posix.read(fd, input.asSlice(received.position()));
    } catch (PosixException e) {
      if (e.errno() != Posix.EINTR && e.errno() != Posix.EAGAIN) {
        throw e;
      }
      count = -1;
    }
    if (count == 0) {
      throw new IOException("the daemon closed the connection");
    }
    received.position(received.position() + Math.max(0, count)).flip();
  }

  /** Called only while a frame that {@link #next()} found to be allowed is not whole. */
  private void growInput() {
    input = arena.allocate(2 * input.byteSize());
    received = input.asByteBuffer().put(received.flip());
  }

  /** Returns the next frame that arrived whole, or null. */
  XenStoreFrame next() throws XenStoreFrameException {
    return XenStoreFrame.decode(received, maxReplyPayload);
  }

  void close() {
    closeQuietly(fd);
  }

  /** Waits for one of the descriptors; an interrupted wait ends as a time-out. */
  static short[] await(int timeoutMillis, int... fds) throws PosixException {
    try {
      return Posix.poll(timeoutMillis, fds);
    } catch (PosixException e) {
      if (e.errno() == Posix.EINTR) {
        return new short[fds.length];
      }
      throw e;
    }
  }

  /** Adds one to an eventfd. */
  static void signal(int eventFd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(Long.BYTES, Long.BYTES);
      one.set(java.lang.foreign.ValueLayout.JAVA_LONG, 0, 1);
      Posix.write(eventFd, one);
    } catch (PosixException e) {
      LOGGER.warn("Cannot wake the XenStore thread", e);
    }
  }

  /** Takes an eventfd's count. */
  static void drain(int eventFd) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      Posix.read(eventFd, arena.allocate(Long.BYTES, Long.BYTES));
    } catch (PosixException e) {
      if (e.errno() != Posix.EAGAIN && e.errno() != Posix.EINTR) {
        throw e;
      }
    }
  }

  static void closeQuietly(int fd) {
    try {
      Posix.close(fd);
    } catch (PosixException e) {
      LOGGER.warn("Cannot close descriptor {}", fd, e);
    }
  }

  private static Code codeOf(int errno) {
    return switch (errno) {
      case Posix.EINVAL -> Code.EINVAL;
      case Posix.ENOMEM -> Code.ENOMEM;
      case Posix.ENOSPC -> Code.ENOSPC;
      case Posix.EACCES -> Code.EACCES;
      case Posix.ENOENT -> Code.ENOENT;
      case Posix.EEXIST -> Code.EEXIST;
      case E2BIG -> Code.E2BIG;
      default -> Code.EIO;
    };
  }
}
