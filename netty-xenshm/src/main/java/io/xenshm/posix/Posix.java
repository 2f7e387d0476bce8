package io.xenshm.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls of the C library. Each throws {@link PosixException} where the call reports an error. All
 * may be called from any thread.
 *
 * <p>Constants are Linux's, the same on x86-64 and aarch64 (asm-generic/fcntl.h,
 * asm-generic/errno-base.h, asm-generic/mman-common.h, asm-generic/poll.h).
 */
@SuppressWarnings("restricted")
public final class Posix {
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;

  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_FIXED = 0x10;

  public static final short POLLIN = 1;
  public static final short POLLERR = 8;
  public static final short POLLHUP = 16;

  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int ENOTCONN = 107;
  public static final int ECONNREFUSED = 111;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = CAPTURED.varHandle(PathElement.groupElement("errno"));
  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

  /** A function as it is called: GraalVM's native image has to be told of each kind. */
  record Downcall(String name, FunctionDescriptor descriptor, List<Linker.Option> options) {}

  /** All functions that are called; complete once this class is initialised. */
  static final List<Downcall> DOWNCALLS = new ArrayList<>();

  private static final MethodHandle OPEN =
      variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle READ =
      function("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      function("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle IOCTL =
      variadic("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle MKFIFO =
      function("mkfifo", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle POLL =
      function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle SOCKET =
      function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle CONNECT =
      function("connect", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle SETSOCKOPT =
      function(
          "setsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle EVENTFD =
      function("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle SYSCONF =
      function("sysconf", FunctionDescriptor.of(JAVA_LONG, JAVA_INT));
  private static final MethodHandle STRERROR =
      link("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

  /** Where reads and writes leave errno: one per thread, since they are called often. */
  private static final ThreadLocal<MemorySegment> CALL_STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURED));

  private static final int SC_PAGESIZE = 30; // bits/confname.h
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVTIMEO = 20;
  private static final int TIMEVAL_SIZE = 16;
  private static final int SOCKADDR_UN_SIZE = 110;
  private static final int SOCKADDR_UN_PATH = 2;
  private static final int MAX_ERROR_TEXT = 256;

  private Posix() {}

  /** Opens a file; {@code flags} are {@code O_…}. Returns the descriptor. */
  public static int open(String path, int flags) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      int result = (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags, 0);
      return (int) check(result, "open " + path, state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Closes a descriptor. */
  public static void close(int fd) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      check((int) CLOSE.invokeExact(state, fd), "close", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Reads up to {@code buffer.byteSize()} bytes of native memory; returns how many, 0 at the end.
   */
  public static int read(int fd, MemorySegment buffer) throws PosixException {
    MemorySegment state = CALL_STATE.get();
    try {
      return (int)
          check((long) READ.invokeExact(state, fd, buffer, buffer.byteSize()), "read", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Writes up to {@code buffer.byteSize()} bytes of native memory; returns how many. */
  public static int write(int fd, MemorySegment buffer) throws PosixException {
    MemorySegment state = CALL_STATE.get();
    try {
      return (int)
          check((long) WRITE.invokeExact(state, fd, buffer, buffer.byteSize()), "write", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Reads as {@link #read} does, but returns -1 where a non-blocking descriptor has nothing to
   * read.
   */
  public static int tryRead(int fd, MemorySegment buffer) throws PosixException {
    MemorySegment state = CALL_STATE.get();
    try {
      long count = (long) READ.invokeExact(state, fd, buffer, buffer.byteSize());
      return (int) (wouldBlock(count, state) ? -1 : check(count, "read", state));
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Writes as {@link #write} does, but returns -1 where a non-blocking descriptor has no room. */
  public static int tryWrite(int fd, MemorySegment buffer) throws PosixException {
    MemorySegment state = CALL_STATE.get();
    try {
      long count = (long) WRITE.invokeExact(state, fd, buffer, buffer.byteSize());
      return (int) (wouldBlock(count, state) ? -1 : check(count, "write", state));
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Controls a device; returns the call's result, which is not negative. */
  public static int ioctl(int fd, long request, MemorySegment argument) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      return (int) check((int) IOCTL.invokeExact(state, fd, request, argument), "ioctl", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Maps {@code length} bytes of a descriptor; the segment has no scope: end it with {@link
   * #munmap}.
   */
  public static MemorySegment mmap(int fd, long length, long offset) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      MemorySegment result =
          (MemorySegment)
              MMAP.invokeExact(
                  state,
                  MemorySegment.NULL,
                  length,
                  PROT_READ | PROT_WRITE,
                  MAP_SHARED,
                  fd,
                  offset);
      check(result.address(), "mmap", state);
      return result.reinterpret(length);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Maps {@code place.byteSize()} bytes of a descriptor over a part of an earlier mapping, in its
   * place. The earlier mapping's {@link #munmap} ends this one too.
   */
  public static void mmapOver(MemorySegment place, int fd, long offset) throws PosixException {
    mmapOver(place, MAP_SHARED, fd, offset);
  }

  private static void mmapOver(MemorySegment place, int flags, int fd, long offset)
      throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      MemorySegment result =
          (MemorySegment)
              MMAP.invokeExact(
                  state,
                  place,
                  place.byteSize(),
                  PROT_READ | PROT_WRITE,
                  flags | MAP_FIXED,
                  fd,
                  offset);
      check(result.address(), "mmap", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Maps zeroed memory of this process's own over an earlier mapping, in its place. */
  public static void mmapAnonymouslyOver(MemorySegment place) throws PosixException {
    mmapOver(place, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }

  /** Ends a mapping. */
  public static void munmap(MemorySegment mapping) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      check((int) MUNMAP.invokeExact(state, mapping, mapping.byteSize()), "munmap", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Makes a named pipe that only its owner may use. */
  public static void mkfifo(String path) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      check(
          (int) MKFIFO.invokeExact(state, arena.allocateFrom(path), 0600), "mkfifo " + path, state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Waits until one of the descriptors is readable, hung up or broken.
   *
   * @param timeoutMillis negative: without end
   * @param fds the descriptors
   * @return the events ({@code POLL…}) of each, in the same order; all zero after the time-out
   */
  public static short[] poll(int timeoutMillis, int... fds) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      MemorySegment entries = arena.allocate(8L * fds.length, 4);
      for (int i = 0; i < fds.length; i++) {
        entries.set(JAVA_INT, 8L * i, fds[i]);
        entries.set(JAVA_SHORT, 8L * i + 4, POLLIN);
      }
      check(
          (int) POLL.invokeExact(state, entries, (long) fds.length, timeoutMillis), "poll", state);
      short[] events = new short[fds.length];
      for (int i = 0; i < fds.length; i++) {
        events[i] = entries.get(JAVA_SHORT, 8L * i + 6);
      }
      return events;
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Connects to a Unix stream socket (sys/un.h); returns the descriptor. */
  public static int connectUnix(String path) throws PosixException {
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= SOCKADDR_UN_SIZE - SOCKADDR_UN_PATH) {
      throw new IllegalArgumentException(
          "socket path is longer than "
              + (SOCKADDR_UN_SIZE - SOCKADDR_UN_PATH - 1)
              + " bytes: "
              + path);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      int fd =
          (int)
              check(
                  (int) SOCKET.invokeExact(state, AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0),
                  "socket",
                  state);
      MemorySegment address = arena.allocate(SOCKADDR_UN_SIZE, 2);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, address, SOCKADDR_UN_PATH, bytes.length);
      try {
        check(
            (int) CONNECT.invokeExact(state, fd, address, SOCKADDR_UN_SIZE),
            "connect " + path,
            state);
      } catch (PosixException e) {
        close(fd);
        throw e;
      }
      return fd;
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Lets reads of a socket fail with {@link #EAGAIN} when nothing came for so long. */
  public static void setReceiveTimeout(int fd, int millis) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      MemorySegment timeval = arena.allocate(TIMEVAL_SIZE, Long.BYTES);
      timeval.set(JAVA_LONG, 0, millis / 1000);
      timeval.set(JAVA_LONG, Long.BYTES, millis % 1000 * 1000L);
      check(
          (int) SETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, SO_RCVTIMEO, timeval, TIMEVAL_SIZE),
          "setsockopt SO_RCVTIMEO",
          state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /**
   * Creates a non-blocking eventfd with count 0 (sys/eventfd.h): 8 bytes are written to it and read
   * from it.
   */
  public static int eventFd() throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      return (int)
          check((int) EVENTFD.invokeExact(state, 0, O_NONBLOCK | O_CLOEXEC), "eventfd", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Returns the size of the kernel's pages, in bytes. */
  public static long pageSize() throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CAPTURED);
      return check((long) SYSCONF.invokeExact(state, SC_PAGESIZE), "sysconf _SC_PAGESIZE", state);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  static String errorText(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(MAX_ERROR_TEXT).getString(0);
    } catch (Throwable e) {
      return "unknown error";
    }
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return link(name, descriptor, CAPTURE);
  }

  private static MethodHandle variadic(
      String name, int firstVariadic, FunctionDescriptor descriptor) {
    return link(name, descriptor, CAPTURE, Linker.Option.firstVariadicArg(firstVariadic));
  }

  private static MethodHandle link(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    DOWNCALLS.add(new Downcall(name, descriptor, List.of(options)));
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
  }

  private static long check(long result, String call, MemorySegment state) throws PosixException {
    if (result == -1) {
      throw new PosixException(call, (int) ERRNO.get(state, 0L));
    }
    return result;
  }

  private static boolean wouldBlock(long result, MemorySegment state) {
    return result == -1 && (int) ERRNO.get(state, 0L) == EAGAIN;
  }

  private static PosixException rethrow(Throwable e) {
    if (e instanceof PosixException posix) {
      return posix;
    }
    if (e instanceof RuntimeException runtime) {
      throw runtime;
    }
    if (e instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException(e);
  }
}
